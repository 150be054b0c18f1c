"""The draw of a story: who is in it, and what varies from one time to the next."""

from collections.abc import Callable
from functools import partial
from random import Random

from tester.search.alternating import LeadersTurn, alternate
from tester.search.catching_up import FATES as CATCH_UP_FATES
from tester.search.catching_up import FATES_WITHOUT_CRASH, CatchingUp, catch_up
from tester.search.choices import Setting
from tester.search.disturbances import FATAL, FATES, LATE_REPLY, pair
from tester.search.episode_run import Episode
from tester.search.episodes import elect, propose, spread, strand
from tester.search.late_stories import Interruption, Progress, Uneven, interrupt, uneven
from tester.search.leader_stories import (
    Deposing,
    Repeating,
    Rush,
    Stalling,
    depose,
    repeat,
    rush,
    stall,
)
from tester.search.outdated import Outdated, outdated
from tester.search.stories import (
    BareMajority,
    Overtaking,
    Rivals,
    bare_majority,
    fall_behind,
    overtake,
    rival,
    rivals_meet,
    troubled,
)
from tester.search.unanswered import Unanswered, unanswered
from tester.search.unheard import Unheard, unheard

# How many rivals hear of each other before others do; most where threads lose their turn,
# since one may do so while it becomes a candidate.
MEETING, MEETING_PREEMPTED = 0.3, 0.7
# How many terms one of these is ahead of the other.
TERMS_AHEAD = (0, 0, 1, 2)
# How many of the others stand at one moment.
AT_ONCE = 0.3
# How often a voter learns of a rival's term before the rival asks for its vote; where there is
# a leader, it is this one.
INFORMED = 0.3
LEADER_INFORMED = 0.5
# How many commands a leader gets at one moment; of these, one is drawn.
COMMANDS = (1, 1, 1, 2, 3)
# How many of them a service leaves on the apply channel that stalls. Whatever a server keeps
# them in may be full after some dozens.
STALLED_COMMANDS = (1, 2, 3, 3)
BURST, BURST_COMMANDS_MIN, BURST_COMMANDS_MAX = 0.15, 20, 60
# How many waves of a leader's messages a follower may have got.
WAVES = (0, 1, 2)
# How often time passes at most for a leader that is alone for long.
TIME_OUTS_ALONE_MAX = 15
# How many messages at most bring a server up to date before one goes wrong, and how often that
# is the first of its kind.
MESSAGES_BEFORE_MAX = 5
NEW_KIND = 0.3
# How many of these stories end with a recovery, if the message is lost.
LOST_RECOVERING = 0.9
# After how many messages at most a server is interrupted that takes over.
ARRIVING_MAX = 16


class StoryDraw:
    """Draws stories of one leader.

    Args:
        leader: the leader.
        servers: how many there are.
        draws: the search's random stream.
        setting: of the world.
    """

    def __init__(
        self, leader: int, servers: int, draws: Random, setting: Setting
    ) -> None:
        self._leader = leader
        self._servers = range(servers)
        self._draws = draws
        self._persistence = setting.persistence
        # Services that have an interval take no snapshots beside those that it brings.
        self._compacts = not setting.snapshot_interval

    def story(self, kind: str) -> Episode:
        """Return a story of a kind, one of `STORIES`."""
        return STORIES[kind](self)

    def side(self) -> list[int]:
        """Return servers to be parted from the others: the leader and few more."""
        most = max(0, (len(self._servers) - 3) // 2)
        size = most if self._draws.random() < 0.7 else 0
        return [self._leader, *self._draws.sample(self._others(), size)]

    def _others(self) -> list[int]:
        return [s for s in self._servers if s != self._leader]

    def _shuffled_others(self) -> list[int]:
        others = self._others()
        return self._draws.sample(others, len(others))

    def _commands(self) -> int:
        return self._draws.choice(COMMANDS)

    def _behind(self) -> Episode:
        draws = self._draws
        server = draws.choice(self._others())
        commands, stands = self._commands(), draws.random() < 0.5
        return partial(fall_behind, server, self._leader, commands, stands)

    def _catch_up(self) -> Episode:
        draws = self._draws
        compacts = self._compacts and draws.random() < 0.7
        fate = draws.choice(
            CATCH_UP_FATES if self._persistence else FATES_WITHOUT_CRASH
        )
        # What comes after it mostly hides what one lost message does.
        recovering = LOST_RECOVERING if fate == "lost" else 0.5
        story = CatchingUp(
            draws.choice(self._others()),
            self._leader,
            draws.choice((1, 1, 2, 3)),
            compacts,
            compacts and draws.random() < 0.3,
            None
            if draws.random() < NEW_KIND
            else draws.randint(0, MESSAGES_BEFORE_MAX),
            fate,
            draws.random() < 0.3,
            draws.random() < recovering,
        )
        return partial(catch_up, story)

    def _outdated(self) -> Episode:
        draws = self._draws
        story = Outdated(
            draws.choice(self._others()),
            self._leader,
            draws.choice((1, 1, 2)),
            self._compacts and draws.random() < 0.7,
            draws.random() < 0.6,
        )
        return partial(outdated, story, draws)

    def _overtake(self) -> Episode:
        draws, leader = self._draws, self._leader
        side = self.side()
        others = [s for s in self._servers if s not in side]
        only = draws.choice(others) if draws.random() < 0.5 else None
        other = draws.choice(others)
        rest = [s for s in self._servers if s not in (leader, other)]
        then = None
        if len(self._servers) > 2 and draws.random() < 0.25:
            then = self._majority_of(other, [leader, *rest], 1)
        late = draws.choice(("", "", "late", LATE_REPLY, LATE_REPLY))
        story = Overtaking(
            leader,
            side,
            other,
            before=draws.choice((1, 2, 3)),
            # Where few get more then, it may be all that replaces what the leader had.
            after=draws.choice((0, 1, 1, 1) if then is None else (0, 1)),
            late=late,
            # What is late can only harm who leads again.
            again=bool(late) or draws.random() < 0.6,
            only=only,
            then=then,
        )
        return partial(overtake, story)

    def _stall(self) -> Episode:
        draws, leader = self._draws, self._leader
        story = Stalling(
            draws.choice(self._others()) if draws.random() < 0.8 else leader,
            leader,
            self._stalled_commands(),
            at_once=draws.random() < 0.7,
            missed=draws.choice((0, 1, 2, 3)),
            compacts=self._compacts,
            crashes=self._persistence and draws.random() < 0.4,
        )
        return partial(stall, story)

    def _stalled_commands(self) -> int:
        if self._draws.random() < BURST:
            return self._draws.randint(BURST_COMMANDS_MIN, BURST_COMMANDS_MAX)
        return self._draws.choice(STALLED_COMMANDS)

    def _repeat(self) -> Episode:
        draws = self._draws
        missed, after = draws.choice((0, 1, 2)), draws.choice((0, 0, 1))
        server = draws.choice(self._others())
        story = Repeating(self._leader, server, missed, after, self._compacts)
        return partial(repeat, story)

    def _rush(self) -> Episode:
        draws, others = self._draws, self._others()
        behind, candidate = draws.choice(others), draws.choice(others)
        story = Rush(
            self._leader, draws.randint(6, 30), behind, candidate, self._compacts
        )
        return partial(rush, story, draws)

    def _depose(self) -> Episode:
        draws, others = self._draws, self._shuffled_others()
        again = draws.choice([self._leader, *others[1:]])
        is_lost = draws.random() < 0.5
        other, taker = others[:2]
        story = Deposing(self._leader, other, taker, self._commands(), is_lost, again)
        return partial(depose, story)

    def _uneven(self) -> Episode:
        """Return a story in which most are as far as each other, but one is not."""
        draws = self._draws
        follower, *others = self._shuffled_others()
        usual = draws.choice((0, 1))
        special = draws.choice([waves for waves in WAVES if waves != usual])
        progress = {follower: Progress(special, draws.random() < 0.5)}
        for server in others:
            waves = usual if draws.random() < 0.9 else draws.choice(WAVES)
            progress[server] = Progress(waves, draws.random() < 0.9)
        story = Uneven(
            self._leader,
            [draws.choice((1, 2)), draws.choice((1, 2))],
            progress,
            follower,
            self._compacts and draws.random() < 0.8,
            draws.choice(("before", "after", "lost", "at last", "swapped", "swapped")),
            draws.choice([follower, *others]),
        )
        return partial(uneven, story)

    def _unanswered(self) -> Episode:
        draws = self._draws
        server, *others = self._shuffled_others()
        waves = [draws.choice((1, 1, 2)) for _ in range(draws.choice((1, 2, 3)))]
        late = draws.random() < 0.6
        story = Unanswered(
            server,
            self._leader,
            waves,
            draws.choice((0, 0, 1)),
            late,
            draws.choice((None, 0, 1, 1)) if self._compacts else None,
            # Else nothing comes in between.
            swapped=late and draws.random() < 0.6,
            candidate=draws.choice([server, *others]),
        )
        return partial(unanswered, story)

    def _alternate(self) -> Episode:
        """Return a story in which mostly two servers lead by turns."""
        draws, turns = self._draws, list[LeadersTurn]()
        first, second, *rest = self._shuffled_others()
        leaders = [self._leader, first] * 2
        if draws.random() < 0.3:
            leaders[draws.randint(1, 3)] = second
        for leader in leaders[draws.choice((0, 0, 1)) :]:
            others = [s for s in (*rest, second, first) if s != leader]
            voters = others[: len(self._servers) // 2]
            reaches = draws.random() < 0.5
            # What nobody hears matters only by its commands.
            commands = draws.choice((0, 0, 1) if reaches else (1, 1, 2))
            turns.append(LeadersTurn(leader, voters, commands, reaches))
        return partial(alternate, turns)

    def _unheard(self) -> Episode:
        draws = self._draws
        candidate, *others = self._shuffled_others()
        story = Unheard(
            candidate,
            self._leader,
            draws.choice((1, 1, 2)),
            self._commands(),
            draws.choice((None, others[0])),
            draws.random() < 0.7,
        )
        return partial(unheard, story)

    def _interrupt(self) -> Episode:
        draws = self._draws
        server, *others = self._shuffled_others()
        story = Interruption(
            server,
            draws.choice((None, *others)),
            draws.randint(1, ARRIVING_MAX),
            is_cut=draws.random() < 0.7,
            successor=draws.choice(others),
            is_unheard=draws.random() < 0.6,
            is_lost=draws.random() < 0.3,
            last=draws.choice(self._servers),
        )
        return partial(interrupt, story)

    def _bare_majority(self) -> Episode:
        story = self._majority_of(
            self._leader, self._shuffled_others(), self._commands()
        )
        return partial(bare_majority, story)

    def _majority_of(
        self, leader: int, others: list[int], commands: int
    ) -> BareMajority:
        draws = self._draws
        size = len(self._servers) // 2
        dies_after, crashes = draws.choice((None, None, 1, 2)), draws.random() < 0.3
        if not self._persistence:
            dies_after, crashes = None, False
        takers, rest = others[:size], others[size:]
        return BareMajority(
            leader,
            takers,
            draws.choice(takers if takers and draws.random() < 0.25 else rest),
            commands,
            dies_after,
            crashes,
            self._compacts and draws.random() < 0.3,
        )

    def _troubled(self) -> Episode:
        """Return an episode of a leader and another server whose link is in trouble."""
        draws, leader = self._draws, self._leader
        other, third = draws.sample(self._others(), 2)
        commands = self._commands()
        episodes: list[Episode] = [
            partial(propose, leader, commands=commands),
            partial(spread, leader),
            partial(elect, leader),
            partial(fall_behind, other, leader, commands, False),
            partial(overtake, Overtaking(leader, [leader], third, commands, 1)),
        ]
        meanwhile: list[Episode] = [
            partial(propose, leader),
            partial(spread, leader),
            partial(elect, third),
            partial(strand, leader, other),
            partial(elect, other),
        ]
        kinds = [kind for kind in FATES if self._persistence or kind not in FATAL]
        return partial(
            troubled,
            draws.choice(episodes),
            pair(leader, other),
            draws.choice(kinds),
            draws.choice(meanwhile),
        )


STORIES: dict[str, Callable[[StoryDraw], Episode]] = {
    "alternate": StoryDraw._alternate,
    "bare majority": StoryDraw._bare_majority,
    "behind": StoryDraw._behind,
    "catch up": StoryDraw._catch_up,
    "depose": StoryDraw._depose,
    "interrupt": StoryDraw._interrupt,
    "outdated": StoryDraw._outdated,
    "overtake": StoryDraw._overtake,
    "repeat": StoryDraw._repeat,
    "rush": StoryDraw._rush,
    "stall": StoryDraw._stall,
    "troubled": StoryDraw._troubled,
    "unanswered": StoryDraw._unanswered,
    "uneven": StoryDraw._uneven,
    "unheard": StoryDraw._unheard,
}


def drawn_rival(
    draws: Random, servers: int, setting: Setting, leader: int | None
) -> Episode:
    """Return a story of two candidates that hear of each other first, or do not at all.

    Args:
        draws: the search's random stream.
        servers: how many there are.
        setting: of the world.
        leader: the one before; None if nobody leads.
    """
    first, second, *voters = draws.sample(range(servers), servers)
    if draws.random() < (MEETING_PREEMPTED if setting.preempt else MEETING):
        return partial(rivals_meet, first, second, draws.choice(TERMS_AHEAD))
    crashes = setting.persistence and draws.random() < 0.5
    crashed = voters[: draws.randint(1, len(voters))] if crashes else []
    alone = draws.randint(2, TIME_OUTS_ALONE_MAX) if draws.random() < 0.5 else 0
    at_once = draws.random() < AT_ONCE
    dies_after = draws.choice((None, 1, 2)) if crashed else None
    informed = None
    if draws.random() < (INFORMED if leader is None else LEADER_INFORMED):
        informed = leader if leader in voters else voters[0]
        if crashed:
            crashed = sorted({informed, *crashed})
    story = Rivals(first, second, crashed, dies_after, alone, at_once, informed)
    return partial(rival, story)
