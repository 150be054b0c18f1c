"""The draw of what happens next in a run of episodes."""

from functools import cached_property, partial
from random import Random

from tester.search.choices import Setting, Snapshot, Start, TimeOut
from tester.search.disturbances import FATAL, LATE_REPLY, pair
from tester.search.disturbances import FATES as TROUBLES
from tester.search.episodes import (
    FATES,
    FATES_WITHOUT_CRASH,
    HEALS,
    Episode,
    act_apart,
    ask_candidate,
    contend,
    crash,
    cut,
    die,
    die_receiving,
    elect,
    miss,
    propose,
    release,
    release_some,
    spread,
    strand,
)
from tester.search.leader_stories import (
    Deposing,
    Repeating,
    Rush,
    Stalling,
    depose,
    repeat,
    resume,
    rush,
    stall,
)
from tester.search.server_state import ServerState
from tester.search.stories import (
    BareMajority,
    Overtaking,
    bare_majority,
    fall_behind,
    overtake,
    part,
    rival,
    snapshot,
    troubled,
)
from tester.search.world_state import WorldState

# How many commands a leader gets at one moment; of these, one is drawn.
COMMANDS = (1, 1, 1, 2, 3)
# How many of them a service leaves on the apply channel that stalls.
STALLED_COMMANDS = (1, 2, 3, 3)
# How many episodes are a command for a candidate.
NO_LEADER = 0.05
# In how many snapshots the server dies.
DYING = 0.3
# By one of these factors, a run draws a kind of episode more often than others do.
LIKINGS = (0, 0.5, 1, 1, 1, 3)


# How many runs consist of these stories, once there is a leader: in between, other episodes
# often undo what a story needs.
STORIES_ONLY = 0.35
STORIES = (
    "bare majority",
    "depose",
    "overtake",
    "repeat",
    "rush",
    "snapshot",
    "stall",
    "troubled",
)


class Liking:
    """How much one run likes each kind of episode: what some bring about, others hide."""

    def __init__(self, draws: Random) -> None:
        self._draws = draws
        self._factors: dict[str, float] = {}

    @cached_property
    def stories_only(self) -> bool:
        """Whether the run consists of stories about a leader."""
        return self._draws.random() < STORIES_ONLY

    def __call__(self, kind: str) -> float:
        """Return the factor for a kind, which is drawn when it is first asked for."""
        if kind not in self._factors:
            self._factors[kind] = self._draws.choice(LIKINGS)
        return self._factors[kind]


class EpisodeDraw:
    """Draws the episode that follows on a settled state.

    Args:
        state: of the world.
        draws: the search's random stream.
        setting: of the world.
        parted: whether servers are parted from others.
        liking: the run's.
    """

    def __init__(
        self,
        state: WorldState,
        draws: Random,
        setting: Setting,
        parted: bool,
        liking: Liking,
    ) -> None:
        self._state = state
        self._draws = draws
        self._persistence = setting.persistence
        self._compacts = not setting.snapshot_interval
        self._parted = parted
        self._liking = liking
        self._servers = range(len(state.servers))
        # Some stories are about three servers.
        self._three = len(self._servers) > 2
        self._leaders = [s for s in self._servers if state.servers[s].leads]

    def next(self) -> Episode:
        """Return an episode; those that are drawn more often lead to longer logs."""
        draws = self._draws
        if draws.random() < NO_LEADER:
            return partial(ask_candidate, draws.choice(self._servers))
        kinds = self._kinds()
        if self._liking.stories_only and self._leaders:
            kinds = {kind: 1.0 for kind in kinds if kind in STORIES}
        weights = [weight * self._liking(kind) for kind, weight in kinds.items()]
        if not sum(weights):
            return partial(elect, draws.choice(self._servers))
        (kind,) = draws.choices(list(kinds), weights)
        return self._episode(kind)

    def _kinds(self) -> dict[str, float]:
        """Return the kinds of episodes that may follow, and how often each does."""
        state = self._state
        if not self._leaders:
            return {"elect": 4, "contend": 1, "rival": 2 * self._three}
        kinds: dict[str, float] = {"propose": 4, "spread": 1, "elect": 3, "contend": 1}
        kinds |= {"rival": 2 * self._three, "troubled": 4 * self._three}
        if len(state.cut) < len(self._servers) // 2:
            kinds |= {"cut": 1, "miss": 1, "strand": 2, "behind": 3}
            kinds["overtake"] = 3 if len(self._servers) < 5 else 8
        if self._three:
            kinds |= {"bare majority": 2, "depose": 1, "rush": 1}
        if len(self._servers) > 1:
            kinds |= {"stall": 1, "repeat": 1}
        if any(server.stalled for server in state.servers):
            kinds["resume"] = 3
        if state.cut:
            kinds |= {"heal": 2, "heal late": 1, "stand again": 3}
        if self._parted:
            kinds["join"] = 2
        elif len(self._servers) > 3:
            kinds["part"] = 1
        if any(map(state.reachable, state.in_flight)):
            kinds |= {"release": 2, "release some": 2}
        if self._persistence:
            kinds |= {"crash": 1, "die": 1}
        if self._compacts and any(map(_to_compact, state.servers)):
            kinds["snapshot"] = 3
        kinds["apart"] = 3
        return kinds

    def _episode(self, kind: str) -> Episode:
        draws, state = self._draws, self._state
        if kind == "propose":
            commands = draws.choice(COMMANDS)
            return partial(propose, draws.choice(self._leaders), commands=commands)
        if kind == "spread":
            return partial(spread, draws.choice(self._leaders))
        if kind == "contend":
            return partial(contend, draws.sample(self._servers, 2))
        if kind == "join":
            return partial(part, ())
        if kind == "part":
            return partial(part, self._side(draws.choice(self._leaders)))
        if kind == "snapshot":
            return partial(snapshot, self._snapshot())
        if kind in ("behind", "overtake", "rival"):
            return self._story(kind)
        if kind == "troubled":
            return self._troubled()
        if kind in ("bare majority", "depose", "repeat", "rush", "stall"):
            return self._leader_story(kind)
        if kind == "resume":
            stalled = [s.server for s in state.servers if s.stalled]
            return partial(resume, draws.choice(stalled))
        if kind == "cut":
            # A leader that is cut off is where most stories begin.
            up = [s for s in self._servers if s not in state.cut]
            leaders = [s for s in self._leaders if s in up]
            return partial(cut, draws.choice(leaders * 2 + up))
        if kind in HEALS:
            return partial(HEALS[kind], draws.choice(state.cut))
        if kind in ("miss", "strand"):
            leader = draws.choice(self._leaders)
            other = draws.choice([s for s in self._servers if s != leader])
            if kind == "strand":
                return partial(strand, leader, other)
            return partial(miss, other, leader)
        if kind in ("crash", "elect"):
            act = crash if kind == "crash" else elect
            return partial(act, draws.choice(self._servers))
        if kind == "release":
            return release
        if kind == "release some":
            return partial(release_some, draws)
        return self._exception(kind)

    def _side(self, leader: int) -> list[int]:
        """Return servers to be parted from the others: a leader and few more."""
        others = [s for s in self._servers if s != leader]
        most = max(0, (len(self._servers) - 3) // 2)
        size = most if self._draws.random() < 0.7 else 0
        return [leader, *self._draws.sample(others, size)]

    def _snapshot(self) -> Snapshot:
        draws = self._draws
        server = draws.choice([s for s in self._state.servers if _to_compact(s)])
        index = draws.randint(server.compacted + 1, len(server.applied))
        dies = self._persistence and draws.random() < DYING
        return Snapshot(server.server, index, 1 if dies else None)

    def _story(self, kind: str) -> Episode:
        draws = self._draws
        if kind == "rival":
            first, second, *voters = draws.sample(self._servers, len(self._servers))
            crashes = self._persistence and draws.random() < 0.5
            crashed = voters[: draws.randint(1, len(voters))] if crashes else []
            return partial(rival, first, second, crashed)
        leader = draws.choice(self._leaders)
        side = self._side(leader)
        others = [s for s in self._servers if s not in side]
        if kind == "behind":
            server = draws.choice([s for s in self._servers if s != leader])
            commands, stands = draws.choice(COMMANDS), draws.random() < 0.5
            return partial(fall_behind, server, leader, commands, stands)
        only = draws.choice(others) if draws.random() < 0.5 else None
        other = draws.choice(others)
        rest = [s for s in self._servers if s not in (leader, other)]
        then = None
        if self._three and draws.random() < 0.25:
            then = self._bare_majority(other, [leader, *rest], 1)
        story = Overtaking(
            leader,
            side,
            other,
            before=draws.choice((1, 2, 3)),
            after=draws.choice((0, 1, 1, 1)),
            late=draws.choice(("", "", "late", LATE_REPLY, LATE_REPLY)),
            again=draws.random() < 0.6,
            only=only,
            then=then,
        )
        return partial(overtake, story)

    def _leader_story(self, kind: str) -> Episode:
        """Return a story of a leader and its followers."""
        draws = self._draws
        leader = draws.choice(self._leaders)
        others = draws.sample(
            [s for s in self._servers if s != leader], len(self._servers) - 1
        )
        commands = draws.choice(COMMANDS)
        if kind == "stall":
            return partial(
                stall,
                Stalling(
                    others[0] if draws.random() < 0.8 else leader,
                    leader,
                    draws.choice(STALLED_COMMANDS),
                    at_once=draws.random() < 0.7,
                    missed=draws.choice((0, 1, 2, 3)),
                    compacts=self._compacts,
                    crashes=self._persistence and draws.random() < 0.4,
                ),
            )
        if kind == "repeat":
            missed, after = draws.choice((0, 1, 2)), draws.choice((0, 0, 1))
            return partial(
                repeat, Repeating(leader, others[0], missed, after, self._compacts)
            )
        if kind == "rush":
            story = Rush(leader, draws.randint(6, 30), others[0], draws.choice(others))
            return partial(rush, story, draws)
        if kind == "depose":
            again = draws.choice([leader, *others[1:]])
            is_lost = draws.random() < 0.5
            return partial(
                depose, Deposing(leader, others[0], others[1], commands, is_lost, again)
            )
        return partial(bare_majority, self._bare_majority(leader, others, commands))

    def _bare_majority(
        self, leader: int, others: list[int], commands: int
    ) -> BareMajority:
        draws = self._draws
        size = len(self._servers) // 2
        dies_after, crashes = draws.choice((None, None, 1, 2)), draws.random() < 0.3
        if not self._persistence:
            dies_after, crashes = None, False
        return BareMajority(
            leader,
            others[:size],
            draws.choice(others[size:]),
            commands,
            dies_after,
            crashes,
            self._compacts and draws.random() < 0.3,
        )

    def _troubled(self) -> Episode:
        """Return an episode of a leader and another server whose link is in trouble."""
        draws = self._draws
        leader = draws.choice(self._leaders)
        other, third = draws.sample([s for s in self._servers if s != leader], 2)
        commands = draws.choice(COMMANDS)
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
        kinds = [k for k in TROUBLES if self._persistence or k not in FATAL]
        return partial(
            troubled,
            draws.choice(episodes),
            pair(leader, other),
            draws.choice(kinds),
            draws.choice(meanwhile),
        )

    def _exception(self, kind: str) -> Episode:
        draws = self._draws
        step = self._step()
        others = [s for s in self._servers if s != step.server]
        if kind == "die":
            if draws.random() < 0.5:
                return partial(die, step, draws.randint(1, 3))
            return partial(die_receiving, step, draws.choice(others))
        fates = FATES if self._persistence else FATES_WITHOUT_CRASH
        return partial(act_apart, step, draws.choice(others), draws.choice(fates))

    def _step(self) -> Start | TimeOut:
        """Return a step in which messages are sent."""
        if self._draws.random() < 0.6:
            return Start(self._draws.choice(self._leaders))
        return TimeOut(self._draws.choice(self._servers))


def _to_compact(server: ServerState) -> bool:
    """Return whether a server has applied commands that are in no snapshot."""
    return len(server.applied) > server.compacted
