"""A process that judges: it takes jobs from the grader, one at a time, and answers.

Started by `lab_command` with CONNECTION, STACK and NUMBER: two file descriptors,
for jobs and answers, and for the stack of a process that ends because a call into C
does not return; and the number of this process among the grader's.

Where the servers have processes of their own, this process judges, and runs none of
a submission's code.
"""

import os
import resource
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from labrpc.errors import LabError, LoadError, SubmissionError
from labrpc.machine import memory
from labrpc.machine.lab_process import lab_command, lab_environment
from labrpc.machine.watchdog_timer import HangPolicy
from labrpc.submission.submission import Submission
from tester.codes import LAB_BROKE
from tester.errors import UsageError
from tester.judging.graded_test import GradedTest
from tester.judging.run import blank_run, boot_problem, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost, RunHosting
from tester.judging.suite import LAB_ONLY, Suites, collect
from tester.measuring.batch import Batch, broken_batch, measure_batch
from tester.verdict import LoadResult, Run, Verdict, conclude
from tester.workers.job import (
    Answer,
    AnyJob,
    Job,
    LoadJob,
    MeasureJob,
    PictureJob,
    RunJob,
)

# The outer net: a run that wants more than its share is ended by its own limit.
MEMORY_BYTES_MAX = 1 << 32
# A process that has grown to this size gives way to a fresh one: a thread that was
# stopped for good keeps its memory.
MEMORY_BYTES_KEPT = 1 << 29


def main() -> None:
    """Answer jobs until the grader closes the connection."""
    connection_fd, stack_fd, number = map(int, sys.argv[1:4])
    connection = Connection(connection_fd)
    _prepare_process()
    worker = Worker(number, HangPolicy(stack_fd))
    while True:
        try:
            job = msgspec.msgpack.decode(connection.recv_bytes(), type=AnyJob)
        except EOFError:
            worker.close()
            return
        answer = worker.answer(job)
        try:
            connection.send_bytes(msgspec.msgpack.encode(answer))
        except BrokenPipeError:
            return  # The grader has been killed.
        if memory.bytes_in_use() > MEMORY_BYTES_KEPT:
            worker.close()
            # With the same number and the same connection: the grader need not know.
            command = lab_command("tester.workers.worker", *sys.argv[1:])
            os.execve(command[0], command, lab_environment())


def _prepare_process() -> None:
    """Leave Ctrl-C to the grader, and limit the memory that the process can take."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):  # Not every system has this limit.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


class Worker:
    """Does jobs, and keeps what the next one of the same submission needs.

    Args:
        number: which of the grader's processes this is.
        hang_policy: what happens where a submission hangs in C.
    """

    def __init__(self, number: int, hang_policy: HangPolicy | None = None) -> None:
        self._number = number
        self._hang_policy = hang_policy
        # By lab and suite.
        self._tests = {(2, ""): _by_name(collect(bonus=True))}
        self._host: RunHost | None = None
        self._hosted: tuple[str, int, bool, RunHosting] | None = None

    def answer(self, job: AnyJob) -> Answer:
        """Do one job."""
        try:
            return self._answer(job)
        except UsageError as exc:
            # The instructor's suite is not what it was when the grading began, or this
            # machine lacks what it imports.
            return Answer(problem=str(exc))

    def _answer(self, job: AnyJob) -> Answer:
        if isinstance(job, RunJob):
            return Answer(run=self._run(job))
        if isinstance(job, PictureJob):
            return Answer(run=self._draw(job))
        if isinstance(job, MeasureJob):
            return Answer(batch=self._measure(job))
        return Answer(load=self._load(job))

    def _load(self, job: LoadJob) -> LoadResult:
        """Start the submission's servers once."""
        result = LoadResult(submission=job.name, verdict=Verdict.PASSED)
        try:
            problem: SubmissionError | None = boot_problem(self._host_for(job))
        except LoadError as exc:
            problem = exc
        except LabError as exc:
            conclude(result, Verdict.UNKNOWN, LAB_BROKE, str(exc))
            return result
        if problem is not None:
            _fail(result, problem)
        return result

    def _measure(self, job: MeasureJob) -> Batch:
        """Make a batch of trials."""
        try:
            host = self._host_for(job)
        except LoadError as exc:
            return broken_batch(Verdict.FAILED, exc.code, exc.headline)
        except LabError as exc:
            return broken_batch(Verdict.UNKNOWN, LAB_BROKE, str(exc))
        return measure_batch(host, job.probe, job.seed, job.trials)

    def _run(self, job: RunJob) -> Run:
        """Run a test; whether a second time, the grader decides."""
        try:
            host = self._host_for(job)
            conditions = self._conditions(job, host.boxes.submission)
            run = run_test(conditions, host, job.recording())
        except LoadError as exc:
            run = self._run_without_host(job)
            _fail(run, exc)
        except LabError as exc:
            run = self._run_without_host(job)
            conclude(run, Verdict.UNKNOWN, LAB_BROKE, str(exc))
        run.submission = job.name
        return run

    def _draw(self, job: PictureJob) -> Run:
        """Draw a picture of a failed run; return the run with the picture's name."""
        # Where all runs pass, nothing of this is needed.
        from tester.judging.picture import Pictures
        from tester.views.redaction import without_places

        run = job.run
        with suppress(LoadError, LabError), tempfile.TemporaryDirectory() as traces:
            host = self._host_for(job)
            test = self._test(job, run.test)
            conditions = RunConditions(
                host.boxes.submission, test, run.seed, job.preempt
            )
            pictures = Pictures(
                Path(job.folder),
                Path(traces),
                lambda text: without_places(text, job.path),
                for_student=True,
            )
            pictures.draw(run, conditions, host)
        run.picture = Path(run.picture).name
        return run

    def _run_without_host(self, job: RunJob) -> Run:
        """Return a run that cannot begin, with its replay command if there is one."""
        run = blank_run(self._test(job, job.test), job.name, job.seed)
        with suppress(LoadError):
            conditions = self._conditions(job, job.submission())
            run.replay = conditions.replay_command(job.hosting)
        return run

    def _conditions(self, job: RunJob, submission: Submission) -> RunConditions:
        test = self._test(job, job.test)
        if test.search_states:
            test = replace(test, search_states=job.search_states)
        return RunConditions(submission, test, job.seed, job.preempt)

    def _test(self, job: RunJob | PictureJob, name: str) -> GradedTest:
        """Return a test; the suite that has it is read once."""
        key = job.lab, job.suite
        if key not in self._tests:
            own = Suites((Path(job.suite),), lab=False) if job.suite else LAB_ONLY
            tests = collect(bonus=True, suites=own, lab=job.lab)
            self._tests[key] = _by_name(tests)
        return self._tests[key][name]

    def _host_for(self, job: Job) -> RunHost:
        """Return what hosts the job's submission; the last one's host is kept."""
        wanted = (job.path, job.lab, job.preempt, job.hosting)
        if self._host is None or self._hosted != wanted:
            self.close()
            self._host = job.hosting.open(
                job.submission(), job.preempt, self._hang_policy, self._number
            )
            self._hosted = wanted
        return self._host

    def close(self) -> None:
        """End what is left of the last submission."""
        if self._host is not None:
            self._host.close()
            self._host = None


def _by_name(tests: list[GradedTest]) -> dict[str, GradedTest]:
    return {test.name: test for test in tests}


def _fail(result: Run | LoadResult, exc: SubmissionError) -> None:
    conclude(result, Verdict.FAILED, exc.code, exc.headline, exc.evidence)
