"""A grading process: takes jobs from the grader, one at a time, and answers.

Started by `lab_command` with CONNECTION, STACK and NUMBER: two file descriptors,
for jobs and answers, and for the stack of a process that ends because a call into C
does not return; and which of the grader's processes it is. What it sends is msgpack
of fixed types, so that the grader never unpickles what came from here.

Where the servers have processes of their own, this process judges, and runs none of
a submission's code.
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from labrpc.codes import Code
from labrpc.errors import LabError, LoadError
from labrpc.machine import memory
from labrpc.machine.lab_process import lab_command, lab_environment
from labrpc.machine.watchdog import HangPolicy
from labrpc.submission.submission import Submission
from tester.codes import LAB_BROKE
from tester.judging.run import Recording, boot_problem, graded_run, new_run
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import IN_PROCESS, RunHost, RunHosting
from tester.judging.suite import collect
from tester.verdict import Run, Verdict

# The outer net: a run that wants more than its share is ended by its own limit.
MEMORY_BYTES_MAX = 1 << 32
# A process that has grown to this size gives way to a fresh one: a thread that was
# stopped for good keeps what it has.
MEMORY_BYTES_KEPT = 1 << 29


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the grader asks for: to load a submission, or to run one test of it.

    Attributes:
        path: where the submission lies.
        name: what reports call it.
        preempt: whether the submission's threads may lose their turn.
        hosting: how it is hosted.
        test: the test's name; "" only checks that the submission loads.
        seed: of the test.
        digest: whether to compute the trace's digest.
        traces: the directory to which the run is recorded, "" for no trace.
    """

    path: str
    name: str
    preempt: bool = False
    hosting: RunHosting = IN_PROCESS
    test: str = ""
    seed: int = 0
    digest: bool = False
    traces: str = ""

    def submission(self) -> Submission:
        """Find the submission.

        Raises:
            LoadError: nothing there, or nothing that could be a submission.
        """
        return Submission.find(self.path)

    def recording(self) -> Recording:
        """Return what is to be kept of the run."""
        return Recording(self.digest, Path(self.traces) if self.traces else None)


def main() -> None:
    """Answer jobs until the grader closes the connection."""
    connection_fd, stack_fd, number = map(int, sys.argv[1:4])
    connection = Connection(connection_fd)
    _prepare_process()
    answers = Answers(number, HangPolicy(stack_fd))
    while True:
        try:
            job = msgspec.msgpack.decode(connection.recv_bytes(), type=Job)
        except EOFError:
            answers.close()
            return
        run = answers.to(job)
        try:
            connection.send_bytes(msgspec.msgpack.encode(run))
        except BrokenPipeError:
            return  # The grader has been killed.
        if memory.bytes_in_use() > MEMORY_BYTES_KEPT:
            answers.close()
            # With the same number and the same connection: the grader need not know.
            command = lab_command("tester.workers.worker", *sys.argv[1:])
            os.execve(command[0], command, lab_environment())


def _prepare_process() -> None:
    """Leave Ctrl-C to the grader, and limit the memory that the process can take."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):  # Not every system has this limit.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


class Answers:
    """Does jobs, and keeps what the next one of the same submission needs."""

    def __init__(self, number: int, hang_policy: HangPolicy | None = None) -> None:
        self._number = number
        self._hang_policy = hang_policy
        self._tests = {test.name: test for test in collect()}
        self._host: RunHost | None = None
        self._hosted: tuple[str, bool, RunHosting] | None = None

    def to(self, job: Job) -> Run:
        """Do one job; one that only loads answers with an otherwise empty run."""
        try:
            host = self._host_for(job)
            if job.test:
                return self._run(job, host)
            problem = boot_problem(host)
        except LoadError as exc:
            problem = exc
        except LabError as exc:
            return self._unknown(job, str(exc))
        if problem is None:
            return load_run(job.name, Verdict.PASSED)
        return load_run(
            job.name, Verdict.FAILED, problem.code, problem.headline, problem.evidence
        )

    def _run(self, job: Job, host: RunHost) -> Run:
        conditions = self._conditions(job, host.boxes.submission)
        run = graded_run(conditions, host, job.recording())
        run.submission = job.name
        return run

    def _conditions(self, job: Job, submission: Submission) -> RunConditions:
        test = self._tests[job.test]
        return RunConditions(submission, test, job.seed, job.preempt)

    def _host_for(self, job: Job) -> RunHost:
        """Return what hosts the job's submission; the last one's host is kept."""
        wanted = (job.path, job.preempt, job.hosting)
        if self._host is None or self._hosted != wanted:
            self.close()
            self._host = job.hosting.open(
                job.submission(), job.preempt, self._hang_policy, self._number
            )
            self._hosted = wanted
        return self._host

    def _unknown(self, job: Job, reason: str) -> Run:
        if not job.test:
            return load_run(job.name, Verdict.UNKNOWN, LAB_BROKE, reason)
        run = new_run(self._conditions(job, job.submission()), job.hosting)
        run.submission, run.verdict = job.name, Verdict.UNKNOWN
        run.code, run.reason = LAB_BROKE.name, reason
        return run

    def close(self) -> None:
        """End what is left of the last submission."""
        if self._host is not None:
            self._host.close()
            self._host = None


def load_run(
    submission: str,
    verdict: Verdict,
    code: Code | None = None,
    reason: str = "",
    evidence: str = "",
) -> Run:
    """Return what came of loading a submission, as a run of no test."""
    return Run(
        submission=submission,
        part="",
        test="",
        seed=0,
        points=0,
        verdict=verdict,
        code=code.name if code is not None else "",
        reason=reason,
        evidence=evidence,
    )
