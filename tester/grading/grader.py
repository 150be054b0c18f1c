"""Grading: submissions by tests by seeds, spread over processes.

A submission that cannot be loaded costs one job, one that is the same as another
costs none, and none costs more CPU time than its budget. What is done is kept,
whatever happens next: each run goes to the ledger as it comes in, and Ctrl-C leaves
the rest unknown, and still reports.
"""

import dataclasses
from collections.abc import Callable, Sequence

from tester import codes
from tester.grading.journal import Ledger
from tester.grading.plan import Plan
from tester.intake.duplicates import as_twins, twins
from tester.intake.refusals import Refused
from tester.judging.graded_test import GradedTest
from tester.judging.run_conditions import RunConditions
from tester.scoring.grades import Grade
from tester.verdict import Run, Verdict
from tester.workers.pool import HASH_SEED, JOB_S_MAX, Lost, Pool
from tester.workers.worker import Job, load_run

Tell = Callable[[Run], None]
"""Told of each run as it comes in."""


class Grading:
    """A plan that is being carried out.

    Args:
        plan: what to grade.
        done: runs of an earlier grading of the same plan. Those that came to no
            verdict are made again.
        ledger: gets every run that is made, None for nowhere.
    """

    def __init__(
        self, plan: Plan, done: Sequence[Run] = (), ledger: Ledger | None = None
    ) -> None:
        self._plan = plan
        self._ledger = ledger
        self._twins = twins(plan.submissions, plan.fingerprints)
        self._loads: dict[str, Run] = {}
        self._runs: dict[str, dict[tuple[str, int], Run]] = {
            name: {} for name in plan.submissions
        }
        self._spent_s = dict.fromkeys(plan.submissions, 0.0)
        self._told_all: set[str] = set()
        self._cpu_s: dict[str, list[float]] = {test.name: [] for test in plan.tests}
        for run in done:
            if run.verdict is not Verdict.UNKNOWN:
                self._keep(run)
        for name, refused in plan.refused.items():
            self._loads[name] = _refused(name, refused)

    def go_on(self, processes: int, tell: Tell) -> bool:
        """Make the runs that are missing; return False if it was interrupted.

        Args:
            processes: how many at a time.
            tell: told of each run that is made, and of those for which none is.
        """
        with Pool(processes) as pool:
            try:
                for name in self._plan.submissions:
                    if name not in self._twins:
                        self._enqueue(pool, name, tell)
                for job, answer in pool.results():
                    run = answer
                    if isinstance(run, Lost):
                        run = _lost(self._plan, job, run)
                    self._keep(run)
                    if self._ledger is not None:
                        self._ledger.add(run)
                    if job.test:
                        self._tell(run, tell)
                        if self._is_over_budget(job.name):
                            pool.drop(job.path)
                    else:
                        self._enqueue(pool, job.name, tell)
                    if self.is_through(job.name):
                        self._tell_of_missing(job.name, tell)
            except KeyboardInterrupt:
                return False
        return True

    def grade(self, name: str) -> Grade:
        """Return what a submission has earned so far."""
        original = self._twins.get(name, name)
        load = self._loads.get(original)
        grade = self._plan.rubric.grade(
            name,
            str(self._plan.submissions[name]),
            [self._as_of(run, name) for run in self._all_runs(original)],
            load.reason if load is not None and load.verdict is Verdict.FAILED else "",
        )
        return dataclasses.replace(
            grade,
            digest=self._plan.fingerprints[name],
            same_as=self._twins.get(name, ""),
            inside=self._plan.inside.get(name, "."),
        )

    def grades(self) -> list[Grade]:
        """Return what each submission has earned so far."""
        return [self.grade(name) for name in self._plan.submissions]

    def is_through(self, name: str) -> bool:
        """Return whether no run of a submission is to come."""
        name = self._twins.get(name, name)
        load = self._loads.get(name)
        if load is None:
            return False
        missing = len(self._runs[name]) < self._plan.runs_each
        return not load.passed or not missing or self._is_over_budget(name)

    def made(self, name: str) -> list[Run]:
        """Return the runs of a submission that were made, loading among them."""
        load = self._loads.get(name)
        return [*([load] if load else []), *self._runs[name].values()]

    def counted(self, name: str) -> list[Run]:
        """Return the runs of a submission that were made, by itself or its twin."""
        original = self._twins.get(name, name)
        return [self._as_of(run, name) for run in self._runs[original].values()]

    def _enqueue(self, pool: Pool, name: str, tell: Tell) -> None:
        """Put a submission's missing runs into the queue: seed by seed, long ones first."""
        if name not in self._loads:
            pool.add(self._plan.job(name))
        elif self.is_through(name):
            self._tell_of_missing(name, tell)
        else:
            by_cost = sorted(self._plan.tests, key=self._cost, reverse=True)
            # Seed by seed: should time run out, every test has been run at some.
            for seed in self._plan.seeds:
                for test in by_cost:
                    if (test.name, seed) not in self._runs[name]:
                        pool.add(self._plan.job(name, test.name, seed))

    def _cost(self, test: GradedTest) -> float:
        """Return what a run of a test has cost so far, or else may cost."""
        known = self._cpu_s[test.name]
        return sum(known) / len(known) if known else test.servers

    def _keep(self, run: Run) -> None:
        """Take in a run, or what came of loading."""
        if run.test:
            self._runs[run.submission][run.test, run.seed] = run
            self._cpu_s[run.test].append(run.cpu_s)
            self._spent_s[run.submission] += run.cpu_s
        else:
            self._loads[run.submission] = run

    def _is_over_budget(self, name: str) -> bool:
        assert self._plan.budget_s is not None
        return self._spent_s[name] > self._plan.budget_s

    def _tell(self, run: Run, tell: Tell) -> None:
        """Tell of a run, and of those of the twins."""
        tell(run)
        for twin, original in self._twins.items():
            if original == run.submission:
                tell(self._as_of(run, twin))

    def _tell_of_missing(self, name: str, tell: Tell) -> None:
        """Tell once of each run of a submission that is through and was not made."""
        if name in self._told_all:
            return
        self._told_all.add(name)
        for run in self._all_runs(name):
            if (run.test, run.seed) not in self._runs[name]:
                self._tell(run, tell)

    def _as_of(self, run: Run, name: str) -> Run:
        """Return a run as one of `name`, which is a twin, or the submission itself."""
        if run.submission == name:
            return run
        paths = self._plan.submissions
        return as_twins(run, name, paths[run.submission], paths[name])

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
            run = _empty_run(name, test, seed, load.verdict, load.code, load.reason)
            run.evidence = load.evidence
            return run
        if not self._is_over_budget(name):
            reason = "it has not run: the grading has not come to its end"
            return _empty_run(
                name, test, seed, Verdict.UNKNOWN, codes.NOT_RUN.name, reason
            )
        return self._over_budget(name, test, seed)

    def _over_budget(self, name: str, test: GradedTest, seed: int) -> Run:
        """Return a run for which no CPU time is left.

        It is the submission's fault, unless the lab's own trouble took the time.
        """
        made = list(self._runs[name].values())
        judged_s = sum(r.cpu_s for r in made if r.verdict is not Verdict.UNKNOWN)
        budget_s = self._plan.budget_s
        assert budget_s is not None
        over = judged_s > budget_s
        verdict = Verdict.FAILED if over else Verdict.UNKNOWN
        code = codes.OVER_BUDGET if over else codes.NOT_RUN
        reason = (
            f"the submission's budget of {budget_s:g} s of CPU time was used up after "
            f"{len(made)} of {self._plan.runs_each} runs"
        )
        run = _empty_run(name, test, seed, verdict, code.name, reason)
        dearest = max(made, key=lambda run: run.cpu_s)
        run.evidence = (
            f"the dearest run took {dearest.cpu_s:.1f} s, in {dearest.test}: "
            f"{dearest.reason or 'it passed'}"
        )
        return run


def _empty_run(
    name: str, test: GradedTest, seed: int, verdict: Verdict, code: str, reason: str
) -> Run:
    return Run(
        submission=name,
        part=test.part,
        test=test.name,
        seed=seed,
        points=test.points,
        verdict=verdict,
        code=code,
        reason=reason,
        servers=test.servers,
    )


def _refused(name: str, refused: Refused) -> Run:
    return load_run(
        name,
        Verdict.FAILED,
        refused.code,
        str(refused),
        "nothing of it was run: hand it in again, as a folder with raft/ or raft.py in "
        "it, or as a .zip of that folder",
    )


def _lost(plan: Plan, job: Job, lost: Lost) -> Run:
    """Return the run of a job whose process did not answer.

    Unknown, unless it was stopped in the submission's own code.
    """
    verdict = Verdict.FAILED if lost.is_submissions_fault else Verdict.UNKNOWN
    if not job.test:
        reason = f"{lost.reason}, while it was loaded"
        run = load_run(job.name, verdict, lost.code, reason)
    else:
        test = next(test for test in plan.tests if test.name == job.test)
        run = _empty_run(job.name, test, job.seed, verdict, lost.code.name, lost.reason)
        submission = job.submission()
        conditions = RunConditions(submission, test, job.seed, job.preempt, HASH_SEED)
        run.replay = conditions.replay_command(job.hosting)
        if lost.hung:
            run.cpu_s = JOB_S_MAX  # Nobody knows better, and nobody may hang for ever.
    run.evidence = lost.evidence
    return run
