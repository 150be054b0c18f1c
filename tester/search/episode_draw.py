"""The draw of what happens next in a run of episodes."""

from functools import cached_property, partial
from random import Random

from tester.search.choices import Setting, Snapshot, Start, TimeOut
from tester.search.episode_run import Episode
from tester.search.episodes import (
    FATES,
    FATES_WITHOUT_CRASH,
    HEALS,
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
from tester.search.leader_stories import resume
from tester.search.races import race
from tester.search.server_state import ServerState
from tester.search.stories import part, snapshot
from tester.search.story_draw import COMMANDS, STORIES, StoryDraw, drawn_rival
from tester.search.world_state import WorldState

# How many episodes are a command for a candidate.
NO_LEADER = 0.05
# How many are races, where threads lose their turn.
RACES = 0.7
# In how many snapshots the server dies.
DYING = 0.3
# By one of these factors, a run draws a kind of episode more often than others do.
LIKINGS = (0, 0.5, 1, 1, 1, 3)
# How many runs consist of these stories, once there is a leader: in between, other episodes
# often undo what a story needs.
STORIES_ONLY = 0.35
LEADER_STORIES = tuple(kind for kind in STORIES if kind != "behind")


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
        self._setting = setting
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
        if self._setting.preempt and draws.random() < RACES:
            return partial(race, draws)
        kinds = self._kinds()
        if self._liking.stories_only and self._leaders:
            kinds = {
                kind: 1.0
                for kind, weight in kinds.items()
                if weight and (kind in LEADER_STORIES or kind == "snapshot")
            }
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
        kinds |= {"rival": 3 * self._three, "troubled": 4 * self._three}
        if len(state.cut) < len(self._servers) // 2:
            kinds |= {"cut": 1, "miss": 1, "strand": 2, "behind": 3, "catch up": 2}
            kinds["overtake"] = 3 if len(self._servers) < 5 else 8
        if self._three:
            kinds |= {"bare majority": 2, "depose": 1, "rush": 1}
            kinds |= {"interrupt": 2, "uneven": 3, "unheard": 1}
            kinds["alternate"] = 2
        if len(self._servers) > 1:
            kinds |= {"stall": 1, "repeat": 1, "unanswered": 2, "outdated": 1}
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
            return partial(part, self._story_draw().side())
        if kind == "snapshot":
            return partial(snapshot, self._snapshot())
        if kind == "rival":
            leader = self._leaders[0] if self._leaders else None
            return drawn_rival(draws, len(self._servers), self._setting, leader)
        if kind in STORIES:
            return self._story_draw().story(kind)
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

    def _story_draw(self) -> StoryDraw:
        leader = self._draws.choice(self._leaders)
        return StoryDraw(leader, len(self._servers), self._draws, self._setting)

    def _snapshot(self) -> Snapshot:
        draws = self._draws
        server = draws.choice([s for s in self._state.servers if _to_compact(s)])
        index = draws.randint(server.compacted + 1, len(server.applied))
        dies = self._persistence and draws.random() < DYING
        return Snapshot(server.server, index, 1 if dies else None)

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
