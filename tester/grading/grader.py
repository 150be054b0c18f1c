"""Grading: submissions by tests by seeds, spread over processes.

A submission that cannot be loaded costs one job, a copy of another submission costs
none, and no test costs more CPU time than its budget. A result that is not believed at
once is tried again when all others are done. Nothing that is done is lost: each result
goes to the journal as it comes in, and after Ctrl-C the grading still reports, with the
other runs unknown.
"""

from collections.abc import Callable, Iterable, Sequence

from tester.grading import unmade_runs
from tester.grading.journal import Journal
from tester.grading.pair import Pair
from tester.grading.plan import Plan
from tester.grading.record import GradingRecord
from tester.grading.second_tries import SecondTries
from tester.judging.graded_test import GradedTest
from tester.verdict import LoadResult, Run, Verdict
from tester.workers.engine import Engine, WorkerLost
from tester.workers.job import Job, PictureJob, RunJob
from tester.workers.pool import Pool

Notify = Callable[[Run], None]
"""Takes each run as it comes in."""


class Grading:
    """A plan that is being carried out.

    Args:
        plan: what to grade.
        done: results of an earlier grading of the same plan. Those that came to no
            verdict are made again.
        journal: gets every result, None for nowhere.

    Attributes:
        record: what is known so far.
    """

    def __init__(
        self,
        plan: Plan,
        done: Sequence[Run | LoadResult] = (),
        journal: Journal | None = None,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._unmade_reported: set[str] = set()
        self._cpu_s: dict[str, list[float]] = {test.name: [] for test in plan.tests}
        self._second_tries = SecondTries(self._order)
        # By submission and test.
        self._dropped: set[tuple[str, str]] = set()
        # Whether the run that is drawn has been reported already.
        self._drawing: dict[tuple[str, str], bool] = {}
        self.record = GradingRecord(plan)
        for result in done:
            self._second_tries.note(result)
        for result in done:
            unknown = result.verdict is Verdict.UNKNOWN
            if not unknown and not self._second_tries.wants(result):
                self._keep(result)

    def make_runs(
        self, processes: int, notify: Notify, engine: Engine | None = None
    ) -> bool:
        """Make the runs that are missing; return False if it was interrupted.

        Args:
            processes: how many at a time.
            notify: takes each run that is made, and those that will not be made.
            engine: carries out the jobs, None for processes of this machine.
        """
        with engine or Pool(processes) as pool:
            try:
                for name in self._plan.submissions:
                    is_original = name not in self._plan.duplicates
                    if is_original and self._plan.tests_of(name):
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

    def is_complete(self, name: str) -> bool:
        """Return whether no further run of a submission will be made."""
        original = self._plan.duplicates.get(name, name)
        if self._second_tries.waits_for(original):
            return False
        is_drawn = not any(drawn == original for drawn, _ in self._drawing)
        return is_drawn and self.record.has_all(original)

    def _work(self, pool: Engine, notify: Notify, second: Job | None = None) -> None:
        """Take in the results of all jobs that the pool has, and of those that follow.

        Args:
            pool: has the jobs.
            notify: takes each run that is settled.
            second: the job that is done for the second time.
        """
        for job, result in pool.results():
            if isinstance(result, WorkerLost):
                result = unmade_runs.unanswered(self._plan, job, result)
            if isinstance(job, PictureJob):
                assert isinstance(result, Run)
                self._take_picture(job, result, notify)
                continue
            result.retried = job is second
            self._keep(result)
            self._write_down(result)
            self._second_tries.note(result)
            if self._second_tries.wants(result):
                self._second_tries.add(job, result)
                self._drop_uncovered(pool, job)
            else:
                self._settle(pool, job, result, notify)

    def _settle(
        self, pool: Engine, job: Job, result: Run | LoadResult, notify: Notify
    ) -> None:
        """Go on from a result that counts."""
        if isinstance(result, LoadResult):
            self._enqueue(pool, job.name, notify)
        else:
            pair = self.record.pair(job.name, result.test)
            if not self._draw(pool, job.name, pair, result):
                self._report([result], notify)
            self._drop_uncovered(pool, job)
        self._end(job.name, notify)

    def _end(self, name: str, notify: Notify) -> None:
        """Report the runs that were not made of a submission that is complete, once."""
        if self.is_complete(name) and name not in self._unmade_reported:
            self._unmade_reported.add(name)
            self._report(self.record.unmade(name), notify)

    def _drop_uncovered(self, pool: Engine, job: Job) -> None:
        """Drop what the budget of a test does not cover, and what is not needed.

        A second try may come to something else: then it is made after all.
        """
        if not isinstance(job, RunJob):
            return
        pair, key = self.record.pair(job.name, job.test), (job.name, job.test)
        if pair.is_cut:
            covered = set(pair.covered)
            pool.drop(
                job.path,
                lambda other: (
                    isinstance(other, RunJob)
                    and other.test == job.test
                    and other.seed not in covered
                ),
            )
            self._dropped.add(key)
        elif key in self._dropped:
            self._dropped.remove(key)
            for seed in pair.missing:
                pool.add(self._plan.run_job(job.name, pair.test, seed))

    def _draw(
        self, pool: Engine, name: str, pair: Pair, settled: Run | None = None
    ) -> bool:
        """Have a picture drawn of a test's first failure, as soon as that is known.

        The first is that of the first seed, not the first that came in: otherwise the
        number of processes would show in the results.

        Returns whether that is the run that was settled: it is reported when it has its
        picture.
        """
        key = name, pair.test.name
        undecided = self._second_tries.seeds_of(*key)
        first = pair.first_failure(self._plan.rubric.hidden, undecided)
        job = self._plan.picture_job(first) if first is not None else None
        if first is None or job is None or key in self._drawing:
            return False
        self._drawing[key] = first is not settled
        pool.add_first(job)
        return first is settled

    def _take_picture(self, job: PictureJob, run: Run, notify: Notify) -> None:
        """Take in a run that comes back from drawing, with a picture or without one."""
        is_reported = self._drawing.pop((job.name, run.test))
        self.record.keep(run)
        self._write_down(run)
        if not is_reported:
            self._report([run], notify)
        self._end(job.name, notify)

    def _enqueue(self, pool: Engine, name: str, notify: Notify) -> None:
        """Put a submission's missing runs into the queue: seed by seed, long ones first."""
        load = self.record.load(name)
        if load is None:
            pool.add(self._plan.load_job(name))
            return
        pairs = self.record.pairs(name)
        if load.passed:
            for pair in pairs:
                self._draw(pool, name, pair)
            by_cost = sorted(pairs, key=lambda p: self._cost(p.test), reverse=True)
            missing = {pair.test.name: set(pair.missing) for pair in pairs}
            # Seed by seed: should time run out, every test has been run at some.
            for seed in self._plan.seeds:
                for pair in by_cost:
                    if seed in missing[pair.test.name]:
                        pool.add(self._plan.run_job(name, pair.test, seed))
        self._end(name, notify)

    def _order(self, job: Job) -> tuple[int, ...]:
        """Return where a job has its place in the plan."""
        submission = list(self._plan.submissions).index(job.name)
        if not isinstance(job, RunJob):
            return submission, -1, -1
        tests = [test.name for test in self._plan.tests]
        return submission, tests.index(job.test), self._plan.seeds.index(job.seed)

    def _cost(self, test: GradedTest) -> float:
        """Return what a run of a test has cost so far, or else may cost."""
        known = self._cpu_s[test.name]
        return sum(known) / len(known) if known else test.servers

    def _keep(self, result: Run | LoadResult) -> None:
        self.record.keep(result)
        if isinstance(result, Run):
            self._cpu_s[result.test].append(result.cpu_s)

    def _write_down(self, result: Run | LoadResult) -> None:
        if self._journal is not None:
            self._journal.add(result)

    def _report(self, runs: Iterable[Run], notify: Notify) -> None:
        """Report runs, and those of their duplicates."""
        for run in runs:
            for each in self.record.with_duplicates(run):
                notify(each)
