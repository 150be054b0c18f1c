"""The search: exhaustive, from goal states, by episodes, guided, and by recoveries, by turns.

None of them finds everything, and each finds some bugs long before the others. They
take turns of some hundred states, so that what is found depends on the number of
states alone, and on no clock.
"""

import gc
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from itertools import count, cycle, islice
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

import msgspec

from labrpc.box_factory import BoxFactory
from labrpc.machine.watchdog_timer import HangPolicy
from tester.search.budget import GROWING, Budget, Limits
from tester.search.choices import ChoiceList, Setting
from tester.search.episode_search import EpisodeSearch
from tester.search.exhaustive import Exploration, Found, Node, node_of
from tester.search.goals import explorations, goal_states
from tester.search.guided import GuidedSearch
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.recovery_search import RecoverySearch
from tester.search.rules import Rules
from tester.search.service_search import ServiceSearch
from tester.search.shrink import Shrunk, shrink

TURN_STATES = 250
# Those of an exhaustive search are found faster.
EXHAUSTIVE_STATES = 600
# A recovery takes some hundred steps.
RECOVERY_STATES = 30
# How many turns of episodes there are to one of an exhaustive search.
EPISODE_TURNS = 6
# Exploring every order of few choices mostly pays early: it has a turn in each of the first
# rounds, and in every third one after that.
EARLY_ROUNDS = 4
LATER_ROUNDS = 3
# How many rounds there are to one of the strategies that preempt no thread, where threads are
# preempted.
PREEMPTED_ROUNDS = 8
# This many known states take about 700 MB of memory. The search then starts afresh, with
# other draws.
KNOWN_STATES_MAX = 100_000
# How many states may be found to shorten a run, and how many steps recoveries may take: where
# servers poll, one takes thousands, and most of them lead to known states.
SHORTENING_STATES_MAX = 30_000
SHORTENING_RECOVERY_STEPS_MAX = 150_000
# An exploration that has found this many states lets the next one begin beside it.
LARGE_STATES = 8_000


class Strategy(Protocol):
    """One way of searching."""

    @property
    def found(self) -> Found | None:
        """A run that breaks a property; None as long as none was met."""

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails or the limits are reached."""


exhaustive = attrgetter("exhaustive")
episodes = attrgetter("episodes")
guided = attrgetter("guided")
from_goals = attrgetter("from_goals")
with_clients = attrgetter("with_clients")
recoveries = attrgetter("recoveries")
TURNS: dict[Any, int] = {exhaustive: EXHAUSTIVE_STATES, recoveries: RECOVERY_STATES}


class Exhausted(NamedTuple):
    """A budget of which every run was explored."""

    servers: int
    budget: Budget
    states: int


class Outcome(NamedTuple):
    """What came of a search.

    Attributes:
        states: how many states were found.
        cpu_s: the CPU time that it took.
        explored: the budgets that were explored completely.
        found: the fewest choices that break a property; None if none was met.
        run: the same as a list that can be replayed.
        interrupted: whether Ctrl-C ended it.
    """

    states: int
    cpu_s: float
    explored: tuple[Exhausted, ...]
    found: Shrunk | None = None
    run: ChoiceList | None = None
    interrupted: bool = False


class ByTurns:
    """Explorations one after another, those that turn out large side by side.

    One without end would otherwise keep those after it from ever beginning.
    """

    def __init__(self, explorations: Iterator[Exploration]) -> None:
        self._rest = explorations
        self._open: deque[Exploration] = deque()
        self.found: Found | None = None
        self.complete: list[Exploration] = []

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails, nothing is left, or the limits are reached."""
        while self.found is None and not limits.reached:
            if all(one.states >= LARGE_STATES for one in self._open):
                self._open.extend(islice(self._rest, 1))
            if not self._open:
                return
            exploration = self._open.popleft()
            exploration.advance(limits.turn(TURN_STATES))
            self.found = exploration.found
            if exploration.complete:
                self.complete.append(exploration)
            else:
                self._open.append(exploration)


class _World:
    """The strategies in worlds of one setting, each made when its first turn comes."""

    def __init__(
        self,
        boxes: BoxFactory,
        setting: Setting,
        seed: str,
        hang_policy: HangPolicy | None,
        budgets: Sequence[Budget],
    ) -> None:
        self._budgets = budgets
        self.histories = Histories(boxes, setting, hang_policy)
        self.rules = Rules(self.histories, setting)
        # An outline shows nothing of the objects below a server of a service.
        self._has_outlines = not setting.clients
        self._by_outline = Rules(self.histories, setting, by_outline=self._has_outlines)
        self._seed = seed

    def shortened(self, found: Found) -> Shrunk:
        """Return the fewest choices found that break the same property.

        Where look-alikes are one, most of what a shorter list does is known already.
        """
        self.histories.look_alikes = self._has_outlines
        states_max = self.histories.states + SHORTENING_STATES_MAX
        steps_max = self._recovery_steps() + SHORTENING_RECOVERY_STEPS_MAX

        def is_too_long() -> bool:
            if self._recovery_steps() > steps_max:
                return True
            return self.histories.states > states_max

        alike = shrink(self._by_outline, found.choices, found.error, is_too_long)
        _, error = run_choices(self.rules, alike.choices)
        shorter = len(alike.choices) < len(found.choices)
        if not shorter or error is None or error.code is not found.error.code:
            return shrink(self.rules, found.choices, found.error, is_too_long)
        if alike.interrupted:
            return alike._replace(error=error)
        exact = shrink(self.rules, alike.choices, error, is_too_long)
        return exact._replace(replays=alike.replays + exact.replays)

    def _recovery_steps(self) -> int:
        return self.rules.recovery_steps + self._by_outline.recovery_steps

    @cached_property
    def exhaustive(self) -> ByTurns:
        """Every order under small budgets."""
        return ByTurns(Exploration(self.rules, budget) for budget in self._budgets)

    @cached_property
    def _goals(self) -> list[Node]:
        return goal_states(self._by_outline)

    @cached_property
    def from_goals(self) -> ByTurns:
        """Every order under small budgets, from goal states."""
        # Only from now on: to find out who looks alike takes time.
        self.histories.look_alikes = self._has_outlines
        return ByTurns(explorations(self._by_outline, self._goals))

    @cached_property
    def guided(self) -> GuidedSearch:
        """Random orders of single choices."""
        beginnings = [goal.path() for goal in self._goals]
        return GuidedSearch(self.rules, self._seed, beginnings)

    @cached_property
    def episodes(self) -> EpisodeSearch:
        """Random orders of what ordinarily happens."""
        beginnings = [node_of(self.rules, goal.path()) for goal in self._goals]
        return EpisodeSearch(self.rules, self._seed, beginnings)

    @cached_property
    def recoveries(self) -> RecoverySearch:
        """Recoveries from each kind of state."""
        return RecoverySearch(self.rules)

    @cached_property
    def with_clients(self) -> ServiceSearch:
        """Random orders of what ordinarily happens to a service."""
        return ServiceSearch(self.rules, self._seed)


class Search:
    """A search of one submission.

    Args:
        boxes: makes its servers' boxes.
        setting: what holds in its worlds; some have snapshots, some more servers.
        seed: of the guided search.
        hang_policy: what happens where the submission hangs in C.
        explored: budgets that an earlier search has explored completely.
    """

    def __init__(
        self,
        boxes: BoxFactory,
        setting: Setting,
        seed: str = "0",
        hang_policy: HangPolicy | None = None,
        explored: Collection[Exhausted] = (),
    ) -> None:
        self._boxes = boxes
        self._setting = setting
        self._seed = seed
        self._hang_policy = hang_policy
        self._explored = tuple(explored)
        self._worlds: dict[Setting, _World] = {}
        self._renewals = 0

    def run(self, limits: Limits) -> Outcome:
        """Search until a run fails, the limits are reached, or Ctrl-C comes."""
        try:
            found = self._run(limits)
        except KeyboardInterrupt:
            return self._outcome(limits)._replace(interrupted=True)
        return self._outcome(limits) if found is None else self._found(limits, *found)

    def _run(self, limits: Limits) -> tuple[_World, Found] | None:
        """Return a run that fails, and its world; None if the limits are reached."""
        for setting, strategy_of in self._turns():
            if limits.reached:
                break
            world = self._world(setting)
            states = TURNS.get(strategy_of, TURN_STATES)
            with world.histories.watched():
                strategy = strategy_of(world)
                strategy.advance(limits.turn(states))
            if strategy.found is not None:
                return world, strategy.found
            known = sum(world.histories.states for world in self._worlds.values())
            if known > KNOWN_STATES_MAX:
                self._renew()
        return None

    def _renew(self) -> None:
        """Forget all states, and go on with other draws, before they fill the memory."""
        self._explored += self._newly_explored()
        self.close()
        self._worlds.clear()
        gc.collect()
        self._renewals += 1

    def _world(self, setting: Setting) -> _World:
        """Return the world of a setting, which is made when it is first asked for."""
        if setting not in self._worlds:
            known = {one.budget for one in self._explored}
            self._worlds[setting] = _World(
                self._boxes,
                setting,
                f"{self._seed}, part {self._renewals}"
                if self._renewals
                else self._seed,
                self._hang_policy,
                [budget for budget in GROWING if budget not in known],
            )
        return self._worlds[setting]

    def _turns(self) -> Iterator[tuple[Setting, Callable[[_World], Strategy]]]:
        """Yield whose turn it is, without end."""
        plain = self._setting
        if plain.clients:
            yield from _turns_of_service(plain)
        five = _with(plain, servers=max(plain.servers, 5))
        four = _with(plain, servers=max(plain.servers, 4))
        compacting = _with(plain, snapshot_interval=2)
        worlds = cycle(_worlds_of_episodes(plain))
        for turn in count():
            # The other strategies preempt no thread.
            others = all_orders = turn % PREEMPTED_ROUNDS == 0
            if not plain.preempt:
                others = True
                all_orders = turn < EARLY_ROUNDS or turn % LATER_ROUNDS == 0
            if all_orders:
                yield plain, exhaustive
            for world in islice(worlds, EPISODE_TURNS):
                yield world, episodes
            yield (plain, compacting, five)[turn % 3], guided
            if others:
                yield (
                    (plain, compacting, plain, four, plain, five)[turn % 6],
                    recoveries,
                )
            if all_orders and turn % 2:
                yield plain, from_goals

    def _outcome(self, limits: Limits) -> Outcome:
        explored = self._explored + self._newly_explored()
        return Outcome(limits.states, limits.used_s, explored)

    def _newly_explored(self) -> tuple[Exhausted, ...]:
        """Return the budgets explored completely that are not noted yet."""
        return tuple(
            Exhausted(self._setting.servers, exploration.budget, exploration.states)
            for exploration in self._world(self._setting).exhaustive.complete
        )

    def _found(self, limits: Limits, world: _World, found: Found) -> Outcome:
        outcome = self._outcome(limits)
        with world.histories.watched():
            shrunk = world.shortened(found)
        run = ChoiceList(world.rules.setting, shrunk.choices)
        return outcome._replace(found=shrunk, run=run, interrupted=shrunk.interrupted)

    def close(self) -> None:
        """End all boxes."""
        for world in self._worlds.values():
            world.histories.close()


def _worlds_of_episodes(plain: Setting) -> Iterator[Setting]:
    """Yield in which worlds episodes happen, in this order over and over."""

    def world(
        servers: int = 3,
        snapshot_interval: int = 0,
        slow: bool = False,
        mixed: bool = False,
    ) -> Setting:
        return _with(
            plain,
            servers=max(plain.servers, servers),
            snapshot_interval=snapshot_interval,
            slow_service=slow,
            mixed_commands=mixed,
        )

    fast, slow = world(3, 1), world(3, 1, slow=True)
    for seldom, third, last in (
        (world(7), world(3, mixed=True), slow),
        (world(3, 3), world(3, slow=True), fast),
        (world(5, slow=True), world(3, mixed=True), slow),
        (world(6), world(3, slow=True), fast),
    ):
        yield plain
        yield world(3, 2)
        yield world(5)
        yield world(3, 2, slow=True)
        yield world(5, 2)
        yield third
        yield world(5)
        yield world(4)
        yield seldom
        yield last


def _turns_of_service(
    plain: Setting,
) -> Iterator[tuple[Setting, Callable[[_World], Strategy]]]:
    """Yield whose turn it is where there are clients, without end."""
    # Each saved state is as large as this limit, so there are snapshots all the time.
    compacting = _with(plain, max_raft_state=1)
    sizes = [_with(plain, servers=max(plain.servers, n)) for n in (5, 4)]
    for turn in count():
        yield plain, with_clients
        yield compacting, with_clients
        yield plain, exhaustive
        yield plain, with_clients
        yield sizes[turn % len(sizes)], with_clients
        yield compacting, with_clients


def _with(setting: Setting, **changes: Any) -> Setting:
    return msgspec.structs.replace(setting, **changes)
