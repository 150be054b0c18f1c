"""The search: exhaustive, from goal states, by episodes, guided, and by recoveries, by turns.

None of them finds everything, and each finds some bugs long before the others. They
take turns of some hundred states, so that what is found depends on the number of
states alone, and on no clock.
"""

import gc
from collections.abc import Collection
from typing import NamedTuple

import msgspec

from labrpc.box_factory import BoxFactory
from labrpc.machine.watchdog_timer import HangPolicy
from tester.search.budget import GROWING, Budget, Limits
from tester.search.choices import ChoiceList, Setting
from tester.search.exhaustive import Found
from tester.search.judged_run import run_choices
from tester.search.search_world import SearchWorld
from tester.search.shrink import Shrunk
from tester.search.turns import states_of, turns
from tester.text import counted

# This many known states take about 700 MB of memory. The search then starts afresh, with
# other draws.
KNOWN_STATES_MAX = 100_000
# A run with more choices than this may have gone far astray. With other draws, the search mostly
# meets a shorter one within a few thousand states. Up to three runs are shortened, the shortest
# first, until one has few choices.
FAR_CHOICES = 40
FEW_CHOICES = 12
RUNS_MAX = 3
OTHER_STATES_MAX = 6_000
# What holds throughout a run, and what is tried without it.
NOT_ALWAYS_NEEDED = ("slow_service", "snapshot_interval", "mixed_commands")
# How many states may be found to shorten a run, and the one that is left then.
SHORTENING_STATES_SOON = 5_000
SHORTENING_STATES_MAX = 30_000


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


class _Shortened(NamedTuple):
    """A run that fails, and how it was shortened."""

    run: ChoiceList
    shrunk: Shrunk


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
        self._worlds: dict[Setting, SearchWorld] = {}
        self._renewals = 0

    def run(self, limits: Limits) -> Outcome:
        """Search until a run fails, the limits are reached, or Ctrl-C comes."""
        try:
            found = self._run(limits)
        except KeyboardInterrupt:
            return self._outcome(limits)._replace(interrupted=True)
        return self._outcome(limits) if found is None else self._found(limits, *found)

    def _run(self, limits: Limits) -> tuple[SearchWorld, Found] | None:
        """Return a run that fails, and its world; None if the limits are reached."""
        for setting, strategy_of in turns(self._setting):
            if limits.reached:
                break
            world = self._world(setting)
            with world.histories.watched():
                strategy = strategy_of(world)
                strategy.advance(limits.turn(states_of(strategy_of)))
            if strategy.found is not None:
                return world, strategy.found
            known = sum(world.histories.states for world in self._worlds.values())
            if known > KNOWN_STATES_MAX:
                self._renew()
        return None

    def _renew(self) -> None:
        """Forget all states, and go on with other draws."""
        self._explored += self._newly_explored()
        self.close()
        self._worlds.clear()
        gc.collect()
        self._renewals += 1

    def _world(self, setting: Setting) -> SearchWorld:
        """Return the world of a setting, which is made when it is first asked for."""
        if setting not in self._worlds:
            known = {one.budget for one in self._explored}
            self._worlds[setting] = SearchWorld(
                self._boxes,
                setting,
                f"{self._seed}, part {self._renewals}"
                if self._renewals
                else self._seed,
                self._hang_policy,
                [budget for budget in GROWING if budget not in known],
            )
        return self._worlds[setting]

    def _outcome(self, limits: Limits) -> Outcome:
        explored = self._explored + self._newly_explored()
        return Outcome(limits.states, limits.used_s, explored)

    def _newly_explored(self) -> tuple[Exhausted, ...]:
        """Return the budgets explored completely that are not noted yet."""
        return tuple(
            Exhausted(self._setting.servers, exploration.budget, exploration.states)
            for exploration in self._world(self._setting).exhaustive.complete
        )

    def _found(self, limits: Limits, world: SearchWorld, found: Found) -> Outcome:
        outcome = self._outcome(limits)
        count = counted(len(found.choices), "choice")
        limits.note(
            f"found with {count} after {limits.states:,} states: looking for fewer"
        )
        run, shrunk = self._shortest(world.rules.setting, found)
        return outcome._replace(found=shrunk, run=run, interrupted=shrunk.interrupted)

    def _shortest(self, setting: Setting, found: Found) -> _Shortened:
        """Return the fewest choices found that break a property, of one run or of several."""
        whole = Shrunk(found.choices, found.error, replays=0)
        best = _Shortened(ChoiceList(setting, found.choices), whole)
        try:
            for world, other in self._runs(setting, found):
                shorter = self._shortened(world, other, SHORTENING_STATES_SOON)
                if len(shorter.run.choices) <= len(best.run.choices):
                    best = shorter
                if shorter.shrunk.interrupted:
                    raise KeyboardInterrupt
                if len(best.run.choices) <= FEW_CHOICES:
                    break
            if best.shrunk.out_of_time:
                rest = Found(best.run.choices, best.shrunk.error)
                best = self._shortened(best.run.setting, rest, SHORTENING_STATES_MAX)
            best = self._in_simplest_world(best)
        except KeyboardInterrupt:
            best = best._replace(shrunk=best.shrunk._replace(interrupted=True))
        return best

    def _in_simplest_world(self, best: _Shortened) -> _Shortened:
        """Return a run that fails in the same way where less holds throughout, if it does."""
        usual = Setting()
        for field in NOT_ALWAYS_NEEDED:
            run, shrunk = best
            simpler = msgspec.structs.replace(
                run.setting, **{field: getattr(usual, field)}
            )
            if simpler == run.setting:
                continue
            world = self._world(simpler)
            with world.histories.watched():
                judged, error = run_choices(world.rules, run.choices)
            if error is not None and error.code is shrunk.error.code:
                choices = tuple(judged.choices)
                shrunk = shrunk._replace(choices=choices, error=error)
                best = _Shortened(ChoiceList(simpler, choices), shrunk)
        return best

    def _runs(self, setting: Setting, found: Found) -> list[tuple[Setting, Found]]:
        """Return a run that fails, and others if it is long, the shortest first."""
        runs = [(setting, found)]
        limits = Limits(OTHER_STATES_MAX)
        while len(runs) < RUNS_MAX and len(found.choices) > FAR_CHOICES:
            self._renew()
            other = self._run(limits)
            if other is None:
                break
            world, found = other
            runs.append((world.rules.setting, found))
        return sorted(runs, key=lambda run: len(run[1].choices))

    def _shortened(self, setting: Setting, found: Found, states_max: int) -> _Shortened:
        """Return the fewest choices found that fail as a run does in its world."""
        world = self._world(setting)
        with world.histories.watched():
            shrunk = world.shortened(found, states_max)
        return _Shortened(ChoiceList(setting, shrunk.choices), shrunk)

    def close(self) -> None:
        """End all boxes."""
        for world in self._worlds.values():
            world.histories.close()
