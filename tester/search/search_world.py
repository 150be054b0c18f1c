"""A world that is searched: its strategies, and how what they find is made shorter."""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from labrpc.box_factory import BoxFactory
from labrpc.machine.watchdog_timer import HangPolicy
from tester.search.budget import Budget, Limits
from tester.search.by_turns import ByTurns
from tester.search.choices import Setting
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

# How many steps recoveries may take while a run is shortened: where servers poll, one takes
# thousands, and most of them lead to known states.
SHORTENING_RECOVERY_STEPS_MAX = 150_000


class Strategy(Protocol):
    """One way of searching."""

    @property
    def found(self) -> Found | None:
        """A run that breaks a property; None as long as none was met."""

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails or the limits are reached."""


class SearchWorld:
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

    def shortened(self, found: Found, states_max: int) -> Shrunk:
        """Return the fewest choices found that break the same property.

        Where look-alikes are one, most of what a shorter list does is known already.

        Args:
            found: a run that breaks it.
            states_max: how many states may be found meanwhile, where look-alikes are one,
                and as many where they are not.
        """
        self.histories.look_alikes = self._has_outlines
        alike = self._shrink(self._by_outline, found, states_max)
        run, error = run_choices(self.rules, alike.choices)
        shorter = len(alike.choices) < len(found.choices)
        if not shorter or error is None or error.code is not found.error.code:
            return self._shrink(self.rules, found, states_max)
        if alike.interrupted:
            return alike._replace(error=error)
        exact = self._shrink(self.rules, Found(tuple(run.choices), error), states_max)
        return exact._replace(replays=alike.replays + exact.replays)

    def _shrink(self, rules: Rules, found: Found, states_max: int) -> Shrunk:
        states_max += self.histories.states
        steps_max = rules.recovery_steps + SHORTENING_RECOVERY_STEPS_MAX

        def is_too_long() -> bool:
            if rules.recovery_steps > steps_max:
                return True
            return self.histories.states > states_max

        return shrink(rules, found.choices, found.error, is_too_long)

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
