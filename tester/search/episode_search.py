"""The search by episodes: random runs, from where servers compare as never before."""

from collections.abc import Hashable, Sequence
from functools import partial
from random import Random

from labrpc.world.streams import stream
from tester.search.budget import Limits
from tester.search.choices import Choice, Recover, Start, TimeOut
from tester.search.episodes import (
    FATES,
    FATES_WITHOUT_CRASH,
    HEALS,
    Episode,
    EpisodeRun,
    act_apart,
    ask_candidate,
    crash,
    cut,
    die,
    die_receiving,
    elect,
    miss,
    propose,
    release,
    spread,
    strand,
)
from tester.search.exhaustive import Found, Node, confirmed
from tester.search.judged_run import run_choices
from tester.search.rules import Rules
from tester.search.world_state import WorldState, compared_servers

# How many episodes a run has.
EPISODES_MIN_MAX = (2, 7)
# How many of the runs begin where the world begins, or in a goal state.
FRESH = 0.5
# How many end with a recovery.
RECOVERING = 0.5
# How many commands a leader gets at one moment; of these, one is drawn.
COMMANDS = (1, 1, 1, 2, 3)
COMMANDS_MAX = 6
# How many episodes are a command for a candidate.
NO_LEADER = 0.05
KEPT_MAX = 5_000


class EpisodeDraw:
    """Draws the episode that follows on a settled state.

    Args:
        state: of the world.
        draws: the search's random stream.
        persistence: whether servers may crash.
    """

    def __init__(self, state: WorldState, draws: Random, persistence: bool) -> None:
        self._state = state
        self._draws = draws
        self._persistence = persistence
        self._servers = range(len(state.servers))
        self._leaders = [s for s in self._servers if state.servers[s].leads]

    def next(self) -> Episode:
        """Return an episode; those that are drawn more often lead to longer logs."""
        state, draws = self._state, self._draws
        if draws.random() < NO_LEADER:
            return partial(ask_candidate, draws.choice(self._servers))
        if not self._leaders:
            return partial(elect, draws.choice(self._servers))
        kinds: dict[str, float] = {"propose": 4, "spread": 1, "elect": 3}
        if len(state.cut) < len(self._servers) // 2:
            kinds |= {"cut": 1, "miss": 2, "strand": 2}
        if state.cut:
            kinds |= {"heal": 2, "heal late": 1, "stand again": 3}
        if any(map(state.reachable, state.in_flight)):
            kinds["release"] = 2
        if self._persistence:
            kinds |= {"crash": 1, "die": 1}
        kinds["apart"] = 3
        (kind,) = draws.choices(list(kinds), list(kinds.values()))
        return self._episode(kind)

    def _episode(self, kind: str) -> Episode:
        draws, state = self._draws, self._state
        if kind == "propose":
            commands = draws.choice(COMMANDS)
            return partial(propose, draws.choice(self._leaders), commands=commands)
        if kind == "spread":
            return partial(spread, draws.choice(self._leaders))
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


class EpisodeSearch:
    """Runs of episodes, each a function of the number of runs before it.

    A state in which servers compare with each other as in no state before is kept, and
    later runs begin there.

    Args:
        rules: what each choice leads to.
        seed: of all draws.
        beginnings: states in which runs may begin, besides the world's beginning.

    Attributes:
        found: a run that breaks a property; None as long as none was met.
    """

    def __init__(
        self, rules: Rules, seed: str, beginnings: Sequence[Node] = ()
    ) -> None:
        self.found: Found | None = None
        self._rules = rules
        self._draws = stream(seed, "episodes")
        self._beginnings = [Node(rules.initial(), None, None), *beginnings]
        self._known: set[Hashable] = set()
        self._kept: list[Node] = []

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails or the limits are reached; a run is not cut short."""
        while self.found is None and not limits.reached:
            # Counts by itself: servers that do nothing come to no other state.
            limits.count()
            self._run(limits)

    def _run(self, limits: Limits) -> None:
        node, news = self._beginning(), False
        for _ in range(self._draws.randint(*EPISODES_MIN_MAX)):
            run = EpisodeRun(self._rules, node)
            self._episode(node.state)(run)
            for _ in range(run.taken):
                limits.count()
            node, news = run.node, news or run.news
            if run.broken:
                break
            self._note(node)
        recovers = self._draws.random() < RECOVERING and not run.broken
        if news or recovers:
            path = [*node.path(), *(self._recovery() if recovers else [])]
            if run_choices(self._rules, path)[1] is not None:
                self.found = confirmed(self._rules, path)

    def _episode(self, state: WorldState) -> Episode:
        """Return an episode that may follow on a state."""
        persistence = self._rules.setting.persistence
        return EpisodeDraw(state, self._draws, persistence).next()

    def _recovery(self) -> list[Choice]:
        """Return how a run ends that recovers."""
        return [Recover()]

    def _beginning(self) -> Node:
        """Return where a run begins."""
        if not self._kept or self._draws.random() < FRESH:
            return self._draws.choice(self._beginnings)
        # The earliest are the shortest.
        at = min(self._draws.random(), self._draws.random())
        return self._kept[int(len(self._kept) * at)]

    def _outlook(self, state: WorldState) -> Hashable:
        """Return what is compared of a state."""
        return outlook(state)

    def _note(self, node: Node) -> None:
        """Keep a state in which servers compare as in none before."""
        look = self._outlook(node.state)
        if look not in self._known and node.state.spent.commands < COMMANDS_MAX:
            self._known.add(look)
            if len(self._kept) < KEPT_MAX:
                self._kept.append(node)


def outlook(state: WorldState) -> Hashable:
    """Return how servers compare with each other, in any order of them."""
    compared = zip(compared_servers(state), state.servers, strict=True)
    return tuple(
        sorted((*ranks, server.server in state.cut) for ranks, server in compared)
    )
