"""The results of a grading so far: loads, runs, and what each submission has earned."""

import dataclasses
from collections.abc import Iterable, Iterator

from tester.grading import unmade_runs
from tester.grading.pair import Pair
from tester.grading.plan import Plan
from tester.intake.duplicates import as_run_of_duplicate
from tester.scoring.grades import Grade
from tester.verdict import LoadResult, Run, Verdict


class GradingRecord:
    """The results of a plan as they come in.

    Args:
        plan: what is graded.
        results: those that are known already; of two at one seed, the last one counts.
    """

    def __init__(self, plan: Plan, results: Iterable[Run | LoadResult] = ()) -> None:
        self._plan = plan
        self._loads: dict[str, LoadResult] = {}
        self._pairs = {
            name: {
                test.name: Pair(
                    test,
                    plan.seeds,
                    plan.budget_s_of(test),
                    plan.rubric.clearness(test),
                )
                for test in plan.tests
            }
            for name in plan.submissions
        }
        for name, refused in plan.refused.items():
            self._loads[name] = unmade_runs.refused(name, refused)
        for result in results:
            self.keep(result)

    def keep(self, result: Run | LoadResult) -> None:
        """Take in a run, or what came of loading."""
        if isinstance(result, LoadResult):
            self._loads[result.submission] = result
        else:
            self.pair(result.submission, result.test).keep(result)

    def pair(self, name: str, test: str) -> Pair:
        """Return the runs of a test of a submission that is no duplicate."""
        return self._pairs[name][test]

    def pairs(self, name: str) -> list[Pair]:
        """Return the pairs of a submission that are to be made, in the suite's order."""
        return [self.pair(name, test.name) for test in self._plan.tests_of(name)]

    def load(self, name: str) -> LoadResult | None:
        """Return what came of loading a submission, None if that is still to come."""
        return self._loads.get(self._plan.duplicates.get(name, name))

    def runs(self, name: str) -> list[Run]:
        """Return the runs that count of a submission, or of the one it duplicates."""
        original = self._plan.duplicates.get(name, name)
        return [
            self._as_of(run, name)
            for pair in self._pairs[original].values()
            for run in pair.counted
        ]

    def has_all(self, name: str) -> bool:
        """Return whether no result of a submission is still to be made."""
        name = self._plan.duplicates.get(name, name)
        load, pairs = self._loads.get(name), self.pairs(name)
        if load is None:
            return not pairs
        return not load.passed or not any(pair.missing for pair in pairs)

    def unmade(self, name: str) -> list[Run]:
        """Return the runs of a submission that were not made, and why not."""
        return [
            self._missing(name, pair, seed)
            for pair in self.pairs(name)
            for seed in pair.reported
            if seed not in pair.made
        ]

    def shard_runs(self, name: str) -> list[Run]:
        """Return the runs of a submission in this shard, also those not made."""
        return [run for pair in self.pairs(name) for run in self._runs_of(name, pair)]

    def spared(self, name: str) -> int:
        """Return how many runs of a submission are not needed."""
        original = self._plan.duplicates.get(name, name)
        return sum(pair.spared for pair in self.pairs(original))

    def with_duplicates(self, run: Run) -> list[Run]:
        """Return a run, and the same as one of each duplicate of its submission."""
        duplicates = [
            name
            for name, original in self._plan.duplicates.items()
            if original == run.submission
        ]
        return [run, *(self._as_of(run, name) for name in duplicates)]

    def grade(self, name: str) -> Grade:
        """Return what a submission has earned so far."""
        original, load = self._plan.duplicates.get(name, name), self.load(name)
        runs = [self._as_of(run, name) for run in self._all_runs(original)]
        does_not_load = load is not None and load.verdict is Verdict.FAILED
        grade = self._plan.rubric.grade(
            name,
            str(self._plan.submissions[name]),
            runs,
            runs[0].reason if does_not_load else "",
        )
        return dataclasses.replace(
            grade,
            digest=self._plan.fingerprints[name],
            same_as=self._plan.duplicates.get(name, ""),
            inside=self._plan.inside.get(name, "."),
        )

    def grades(self) -> list[Grade]:
        """Return what each submission has earned so far."""
        return [self.grade(name) for name in self._plan.submissions]

    def _as_of(self, run: Run, name: str) -> Run:
        """Return a run as one of `name`, which may be a duplicate."""
        if run.submission == name:
            return run
        paths = self._plan.submissions
        return as_run_of_duplicate(run, name, paths[run.submission], paths[name])

    def _all_runs(self, name: str) -> list[Run]:
        """Return a submission's runs in the suite's order, also those not made."""
        return [
            run
            for pair in self._pairs[name].values()
            for run in self._runs_of(name, pair)
        ]

    def _runs_of(self, name: str, pair: Pair) -> Iterator[Run]:
        """Yield a run for each seed of a pair."""
        counted = {run.seed: run for run in pair.counted}
        for seed in pair.reported:
            yield counted.get(seed) or self._missing(name, pair, seed)

    def _missing(self, name: str, pair: Pair, seed: int) -> Run:
        """Return a run that was not made, and why."""
        load = self._loads.get(name)
        if load is not None and not load.passed:
            return unmade_runs.not_loaded(load, pair.test, seed)
        if pair.is_over_budget and seed in pair.seeds[pair.end :]:
            return unmade_runs.over_budget(name, pair, seed)
        return unmade_runs.not_reached(name, pair.test, seed)
