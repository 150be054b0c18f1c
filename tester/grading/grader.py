"""Grading: submissions by tests by seeds, spread over processes.

A submission that cannot be loaded costs one job, a copy of another submission costs
none, and none costs more CPU time than its budget. A result that is not believed at once
is tried again when all others are done. Nothing that is done is lost: each result goes
to the journal as it comes in, and after Ctrl-C the grading still reports, with the other
runs unknown.
"""

import dataclasses
from collections.abc import Callable, Sequence

from tester.grading import unmade_runs
from tester.grading.journal import Journal
from tester.grading.plan import Plan
from tester.grading.second_tries import SecondTries
from tester.intake.duplicates import as_run_of_duplicate, find_duplicates
from tester.judging.graded_test import GradedTest
from tester.scoring.grades import Grade
from tester.verdict import LoadResult, Run, Verdict
from tester.workers.job import Job
from tester.workers.pool import Pool, WorkerLost

Notify = Callable[[Run], None]
"""Takes each run as it comes in."""


class Grading:
    """A plan that is being carried out.

    Args:
        plan: what to grade.
        done: results of an earlier grading of the same plan. Those that came to no
            verdict are made again.
        journal: gets every result, None for nowhere.
    """

    def __init__(
        self,
        plan: Plan,
        done: Sequence[Run | LoadResult] = (),
        journal: Journal | None = None,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._duplicates = find_duplicates(plan.submissions, plan.fingerprints)
        self._loads: dict[str, LoadResult] = {}
        self._runs: dict[str, dict[tuple[str, int], Run]] = {
            name: {} for name in plan.submissions
        }
        self._spent_s = dict.fromkeys(plan.submissions, 0.0)
        self._unmade_reported: set[str] = set()
        self._cpu_s: dict[str, list[float]] = {test.name: [] for test in plan.tests}
        self._second_tries = SecondTries()
        self._dropped: set[str] = set()
        for result in done:
            self._second_tries.note(result)
        for result in done:
            unknown = result.verdict is Verdict.UNKNOWN
            if not unknown and not self._second_tries.wants(result):
                self._keep(result)
        for name, refused in plan.refused.items():
            self._loads[name] = unmade_runs.refused(name, refused)

    def make_runs(self, processes: int, notify: Notify) -> bool:
        """Make the runs that are missing; return False if it was interrupted.

        Args:
            processes: how many at a time.
            notify: takes each run that is made, and those that will not be made.
        """
        with Pool(processes) as pool:
            try:
                for name in self._plan.submissions:
                    if name not in self._duplicates:
                        self._enqueue(pool, name, notify)
                self._work(pool, notify)
                while (waiting := self._second_tries.take()) is not None:
                    job, first = waiting
                    if self._second_tries.wants(first):
                        pool.add(job)
                    else:
                        self._settle(pool, job, first, notify)
                    self._work(pool, notify, second=job)
            except KeyboardInterrupt:
                return False
        return True

    def _work(self, pool: Pool, notify: Notify, second: Job | None = None) -> None:
        """Take in the results of all jobs that the pool has, and of those that follow.

        Args:
            pool: has the jobs.
            notify: takes each run that is settled.
            second: the job that is done for the second time.
        """
        for job, result in pool.results():
            if isinstance(result, WorkerLost):
                result = unmade_runs.unanswered(self._plan, job, result)
            result.retried = job is second
            self._keep(result)
            if self._journal is not None:
                self._journal.add(result)
            self._second_tries.note(result)
            if self._second_tries.wants(result):
                self._second_tries.add(job, result)
                self._mind_budget(pool, job, notify)
            else:
                self._settle(pool, job, result, notify)

    def _settle(
        self, pool: Pool, job: Job, result: Run | LoadResult, notify: Notify
    ) -> None:
        """Go on from a result that counts."""
        if isinstance(result, LoadResult):
            self._enqueue(pool, job.name, notify)
        else:
            self._report(result, notify)
            self._mind_budget(pool, job, notify)
        if self.is_complete(job.name):
            self._report_unmade(job.name, notify)

    def _mind_budget(self, pool: Pool, job: Job, notify: Notify) -> None:
        """Drop a submission's other runs if it is over its budget.

        A second try may cost less than the first did: then they are made after all.
        """
        if self._is_over_budget(job.name):
            pool.drop(job.path)
            self._dropped.add(job.name)
        elif job.name in self._dropped:
            self._dropped.remove(job.name)
            self._enqueue(pool, job.name, notify)

    def grade(self, name: str) -> Grade:
        """Return what a submission has earned so far."""
        original, load = self._duplicates.get(name, name), self.load(name)
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
            same_as=self._duplicates.get(name, ""),
            inside=self._plan.inside.get(name, "."),
        )

    def grades(self) -> list[Grade]:
        """Return what each submission has earned so far."""
        return [self.grade(name) for name in self._plan.submissions]

    def is_complete(self, name: str) -> bool:
        """Return whether no further run of a submission will be made."""
        name = self._duplicates.get(name, name)
        load = self._loads.get(name)
        if load is None or self._second_tries.waits_for(name):
            return False
        missing = len(self._runs[name]) < self._plan.runs_each
        return not load.passed or not missing or self._is_over_budget(name)

    def load(self, name: str) -> LoadResult | None:
        """Return what came of loading a submission, None if that is still to come."""
        return self._loads.get(self._duplicates.get(name, name))

    def runs(self, name: str) -> list[Run]:
        """Return the runs that were made of a submission, or of the one it duplicates."""
        original = self._duplicates.get(name, name)
        return [self._as_of(run, name) for run in self._runs[original].values()]

    def _enqueue(self, pool: Pool, name: str, notify: Notify) -> None:
        """Put a submission's missing runs into the queue: seed by seed, long ones first."""
        if name not in self._loads:
            pool.add(self._plan.load_job(name))
        elif self.is_complete(name):
            self._report_unmade(name, notify)
        else:
            by_cost = sorted(self._plan.tests, key=self._cost, reverse=True)
            # Seed by seed: should time run out, every test has been run at some.
            for seed in self._plan.seeds:
                for test in by_cost:
                    if (test.name, seed) not in self._runs[name]:
                        pool.add(self._plan.run_job(name, test, seed))

    def _cost(self, test: GradedTest) -> float:
        """Return what a run of a test has cost so far, or else may cost."""
        known = self._cpu_s[test.name]
        return sum(known) / len(known) if known else test.servers

    def _keep(self, result: Run | LoadResult) -> None:
        """Take in a run, or what came of loading."""
        if isinstance(result, LoadResult):
            self._loads[result.submission] = result
            return
        runs = self._runs[result.submission]
        first = runs.get((result.test, result.seed))
        runs[result.test, result.seed] = result
        self._cpu_s[result.test].append(result.cpu_s)
        self._spent_s[result.submission] += unmade_runs.cost_s(result)
        if first is not None:
            self._spent_s[result.submission] -= unmade_runs.cost_s(first)

    def _is_over_budget(self, name: str) -> bool:
        return self._spent_s[name] > self._plan.cpu_s_max

    def _report(self, run: Run, notify: Notify) -> None:
        """Report a run, and those of its duplicates."""
        notify(run)
        for duplicate, original in self._duplicates.items():
            if original == run.submission:
                notify(self._as_of(run, duplicate))

    def _report_unmade(self, name: str, notify: Notify) -> None:
        """Report, once, each run of a complete submission that was not made."""
        if name in self._unmade_reported:
            return
        self._unmade_reported.add(name)
        for run in self._all_runs(name):
            if (run.test, run.seed) not in self._runs[name]:
                self._report(run, notify)

    def _as_of(self, run: Run, name: str) -> Run:
        """Return a run as one of `name`, which may be a duplicate."""
        if run.submission == name:
            return run
        paths = self._plan.submissions
        return as_run_of_duplicate(run, name, paths[run.submission], paths[name])

    def _all_runs(self, name: str) -> list[Run]:
        """Return a submission's runs in the suite's order, also those not made."""
        return [
            self._runs[name].get((test.name, seed)) or self._missing(name, test, seed)
            for test in self._plan.tests
            for seed in self._plan.seeds
        ]

    def _missing(self, name: str, test: GradedTest, seed: int) -> Run:
        """Return a run that was not made, and why."""
        load = self._loads.get(name)
        if load is not None and not load.passed:
            return unmade_runs.not_loaded(load, test, seed)
        if not self._is_over_budget(name):
            return unmade_runs.not_reached(name, test, seed)
        made = self._runs[name].values()
        return unmade_runs.over_budget(self._plan, name, test, seed, made)
