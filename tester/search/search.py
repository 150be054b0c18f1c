"""The search: exhaustive, from goal states, and guided, by turns.

None of them finds everything, and each finds some bugs long before the others. They
take turns of some hundred states, so that what is found depends on the number of
states alone, and on no clock.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Protocol

import msgspec

from labrpc.box_factory import BoxFactory
from labrpc.machine.watchdog_timer import HangPolicy
from tester.search.budget import GROWING, Budget, Limits
from tester.search.choices import ChoiceList, Setting
from tester.search.exhaustive import Exploration, Found
from tester.search.goals import explorations, goal_states
from tester.search.guided import GuidedSearch
from tester.search.histories import Histories
from tester.search.rules import Rules
from tester.search.shrink import Shrunk, shrink

TURN_STATES = 400
# An exploration that has found this many states lets the next one begin beside it.
LARGE_STATES = 8_000
# In worlds with snapshots the service takes one after this many commands.
SNAPSHOT_INTERVAL = 2


class Strategy(Protocol):
    """One way of searching."""

    @property
    def found(self) -> Found | None:
        """A run that breaks a property; None as long as none was met."""

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails or the limits are reached."""


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
    """

    states: int
    cpu_s: float
    explored: tuple[Exhausted, ...]
    found: Shrunk | None = None
    run: ChoiceList | None = None


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
    """The strategies in worlds of one setting."""

    def __init__(self, histories: Histories, seed: str) -> None:
        self.histories = histories
        self.rules = rules = Rules(histories, histories.setting)
        with histories.watched():
            goals = goal_states(rules)
            self.guided = GuidedSearch(rules, seed, [goal.path() for goal in goals])
            self.exhaustive = ByTurns(Exploration(rules, b) for b in GROWING)
            self.from_goals = ByTurns(explorations(rules, goals))


class Search:
    """A search of one submission.

    Args:
        boxes: makes its servers' boxes.
        setting: what holds in its worlds; one has snapshots, one five servers.
        seed: of the guided search.
        hang_policy: what happens where the submission hangs in C.
    """

    def __init__(
        self,
        boxes: BoxFactory,
        setting: Setting,
        seed: str = "0",
        hang_policy: HangPolicy | None = None,
    ) -> None:
        self._setting = setting
        snapshots = msgspec.structs.replace(
            setting, snapshot_interval=SNAPSHOT_INTERVAL
        )
        larger = msgspec.structs.replace(setting, servers=max(setting.servers, 5))
        self._worlds = [
            _World(Histories(boxes, setting, hang_policy), seed),
            _World(Histories(boxes, snapshots, hang_policy), seed),
            _World(Histories(boxes, larger, hang_policy), seed),
        ]

    def run(self, limits: Limits) -> Outcome:
        """Search until a run fails or the limits are reached."""
        while not limits.reached:
            for world, strategy in self._turns():
                with world.histories.watched():
                    strategy.advance(limits.turn(TURN_STATES))
                    if strategy.found is not None:
                        return self._found(limits, world.rules, strategy.found)
        return self._outcome(limits)

    def _turns(self) -> Iterator[tuple["_World", Strategy]]:
        """Yield the strategies of one round."""
        plain, compacting, large = self._worlds
        yield plain, plain.exhaustive
        yield plain, plain.guided
        yield plain, plain.exhaustive
        yield compacting, compacting.guided
        yield large, large.guided
        yield plain, plain.from_goals

    def _outcome(self, limits: Limits) -> Outcome:
        explored = tuple(
            Exhausted(self._setting.servers, exploration.budget, exploration.states)
            for exploration in self._worlds[0].exhaustive.complete
        )
        return Outcome(limits.states, limits.used_s, explored)

    def _found(self, limits: Limits, rules: Rules, found: Found) -> Outcome:
        outcome = self._outcome(limits)
        shrunk = shrink(rules, found.choices, found.error)
        run = ChoiceList(rules.setting, shrunk.choices)
        return outcome._replace(found=shrunk, run=run)

    def close(self) -> None:
        """End all boxes."""
        for world in self._worlds:
            world.histories.close()
