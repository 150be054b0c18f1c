"""The search by episodes: random runs, from where servers compare as never before."""

from collections.abc import Hashable, Sequence

import msgspec

from labrpc.world.streams import stream
from tester.search.budget import Limits
from tester.search.choices import Choice, Recover
from tester.search.disturbances import CALM, Disturbances
from tester.search.episode_draw import EpisodeDraw, Liking
from tester.search.episode_run import Episode, EpisodeRun
from tester.search.exhaustive import Found, Node, confirmed
from tester.search.judged_run import run_choices
from tester.search.preemptions import Preemptions
from tester.search.rules import Rules
from tester.search.world_state import WorldState, compared_servers

# How many episodes a run has.
EPISODES_MIN_MAX = (1, 5)
# How many of the runs begin where the world begins, or in a goal state.
FRESH = 0.5
# In how many of the runs that are stories nothing goes wrong that these are not about: a story
# draws what goes wrong in it.
CALM_STORIES = 0.75
# How many end with a recovery.
RECOVERING = 0.4
# In how many of these a minority stays cut off.
MAJORITY_ALONE = 0.3
# In how many servers first have to catch up, with no command.
IDLE = 0.3
# A state is kept if it takes no more commands than that.
COMMANDS_MAX = 6
KEPT_MAX = 5_000


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

    episodes_min_max = EPISODES_MIN_MAX

    def __init__(
        self, rules: Rules, seed: str, beginnings: Sequence[Node] = ()
    ) -> None:
        self.found: Found | None = None
        self._rules = rules
        # In each world other runs, else many would hardly differ.
        setting = msgspec.structs.asdict(rules.setting)
        if not rules.setting.mixed_commands:
            # A field for rare worlds: it leaves the draws of all others as they were.
            del setting["mixed_commands"]
        self._draws = stream(seed, "episodes", *setting.values())
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
        disturbances = self._begin_run()
        preemptions = Preemptions(self._draws, self._rules.setting)
        for _ in range(self._draws.randint(*self.episodes_min_max)):
            run = EpisodeRun(self._rules, node, disturbances, preemptions)
            self._episode(node.state)(run)
            for _ in range(run.taken):
                limits.count()
            node, news = run.node, news or run.news
            if run.broken or run.recovers:
                break
            self._note(node)
        is_drawn = self._draws.random() < RECOVERING
        recovers = (is_drawn or run.recovers) and not run.broken
        if news or recovers:
            path = [*node.path(), *(self._recovery(run.left_out) if recovers else [])]
            if run_choices(self._rules, path)[1] is not None:
                self.found = confirmed(self._rules, path)

    def _begin_run(self) -> Disturbances | None:
        """Draw what holds throughout a run; return what goes wrong in it."""
        persistence = self._rules.setting.persistence
        self._liking = Liking(self._draws)
        calm = CALM_STORIES if self._liking.stories_only else CALM
        self._disturbances = Disturbances(self._draws, persistence, calm)
        return self._disturbances

    def _episode(self, state: WorldState) -> Episode:
        """Return an episode that may follow on a state."""
        parted = bool(self._disturbances.blocked)
        setting = self._rules.setting
        return EpisodeDraw(state, self._draws, setting, parted, self._liking).next()

    def _recovery(self, left_out: Sequence[int] | None) -> list[Choice]:
        """Return how a run ends that recovers, or a majority of its servers does."""
        servers = self._rules.setting.servers
        most = (servers - 1) // 2
        away = list(left_out or ())
        if left_out is None and most and self._draws.random() < MAJORITY_ALONE:
            away = self._draws.sample(range(servers), self._draws.randint(1, most))
        recovery = Recover(tuple(sorted(away)))
        if self._draws.random() < IDLE:
            return [msgspec.structs.replace(recovery, idle=True), recovery]
        return [recovery]

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
