"""Runs that no worker has made or answered for, and why."""

import msgspec

from tester import codes
from tester.grading.pair import Pair, cost_s
from tester.grading.plan import Plan
from tester.intake.refusals import Refused
from tester.judging.graded_test import GradedTest
from tester.judging.run import blank_run
from tester.judging.run_conditions import RunConditions
from tester.text import one_line
from tester.verdict import LoadResult, Run, RunWarning, Verdict, conclude
from tester.workers.engine import WorkerLost
from tester.workers.job import Job, PictureJob, RunJob
from tester.workers.pool import HASH_SEED


def refused(name: str, why: Refused) -> LoadResult:
    """Return the result of a submission that the intake has refused."""
    load = LoadResult(submission=name, verdict=Verdict.FAILED)
    evidence = (
        "nothing of it was run: hand it in again, as a folder with raft/ or raft.py in it, or "
        "as a .zip of that folder"
    )
    conclude(load, Verdict.FAILED, why.code, str(why), evidence)
    return load


def not_loaded(load: LoadResult, test: GradedTest, seed: int) -> Run:
    """Return a run of a submission that does not load."""
    run = blank_run(test, load.submission, seed)
    run.verdict, run.code = load.verdict, load.code
    run.reason, run.evidence = load.reason, load.evidence
    return run


def not_reached(name: str, test: GradedTest, seed: int) -> Run:
    """Return a run that the grading has not come to."""
    run = blank_run(test, name, seed)
    reason = "it has not run: the grading was stopped before"
    conclude(run, Verdict.UNKNOWN, codes.NOT_RUN, reason)
    return run


def over_budget(name: str, pair: Pair, seed: int) -> Run:
    """Return a run for which its pair has no time left.

    Runs without a verdict are not held against the submission: see `cost_s`.
    """
    made = pair.counted
    costliest = max(made, key=cost_s)
    run = blank_run(pair.test, name, seed)
    conclude(
        run,
        Verdict.FAILED,
        codes.OVER_BUDGET,
        f"the test's budget of {pair.budget_s:g} s of CPU time was used up after "
        f"{len(made)} of {len(pair.seeds)} runs",
        f"the costliest run took {cost_s(costliest):.1f} s: "
        f"{costliest.reason or 'it passed'}",
    )
    return run


def unanswered(plan: Plan, job: Job, lost: WorkerLost) -> Run | LoadResult:
    """Return the result of a job whose process did not answer.

    Unknown, unless the process was stopped in the submission's own code. A run whose
    picture could not be drawn stays as it is.
    """
    if isinstance(job, PictureJob):
        warning = f"the picture could not be drawn: {lost.reason}"
        run = msgspec.structs.replace(job.run, warnings=list(job.run.warnings))
        run.warnings.append(RunWarning(codes.PICTURE_NOT_DRAWN.name, one_line(warning)))
        return run
    verdict = Verdict.FAILED if lost.is_submissions_fault else Verdict.UNKNOWN
    if not isinstance(job, RunJob):
        load, reason = LoadResult(submission=job.name, verdict=verdict), lost.reason
        conclude(
            load, verdict, lost.code, f"{reason}, while it was loaded", lost.evidence
        )
        return load
    test = next(test for test in plan.tests if test.name == job.test)
    run = blank_run(test, job.name, job.seed)
    conclude(run, verdict, lost.code, lost.reason, lost.evidence)
    conditions = RunConditions(job.submission(), test, job.seed, job.preempt, HASH_SEED)
    run.replay = conditions.replay_command(job.hosting)
    run.cpu_s, run.idle_s = lost.cpu_s, lost.idle_s
    return run
