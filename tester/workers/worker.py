"""A grading process: takes jobs from the grader, one at a time, and answers.

Started by `lab_command` with CONNECTION, STACK and NUMBER: two file descriptors,
for jobs and answers, and for the stack of a process that ends because a call into C
does not return; and which of the grader's processes it is. What it sends is msgpack
of fixed types, so that the grader never unpickles what came from here.

With isolation, this process judges, and runs none of a submission's code: that
does the zygote of the submission whose turn it is.
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import msgspec

from labrpc.box_factory import Hosting, ThisProcess
from labrpc.errors import LabError, LoadError
from labrpc.isolated.zygote import Zygote
from labrpc.machine import memory, watchdog
from labrpc.machine.lab_process import lab_command, lab_environment
from labrpc.sandbox.linux import pin_to_one_core
from labrpc.submission.submission import Submission
from tester.judging.run import boot_problem, graded_run, new_run
from tester.judging.suite import collect
from tester.verdict import Run, Verdict

# The outer net: a run that wants more than its share is ended by its own limit.
MEMORY_BYTES_MAX = 1 << 32
# A process that has grown to this size gives way to a fresh one: a thread that was
# stopped for good keeps what it has.
MEMORY_BYTES_KEPT = 1 << 29


class Job(msgspec.Struct):
    """What the grader asks for: to load a submission, or to run one test of it.

    Attributes:
        path: where the submission lies.
        name: what reports call it.
        test: the test's name; "" only checks that the submission loads.
        traces: the directory to which the run is recorded, "" for no trace.
        preempt: whether the submission's threads may lose their turn.
        digest: whether to compute the trace's digest.
        isolation: "process" if each server is to have a process of its own, "none".
        require_sandbox: refuse to run anything unless all of the sandbox is in force.
    """

    path: str
    name: str
    test: str
    seed: int
    traces: str = ""
    preempt: bool = False
    digest: bool = False
    isolation: Literal["process", "none"] = "none"
    require_sandbox: bool = False

    def submission(self) -> Submission:
        """Find the submission.

        Raises:
            LoadError: nothing there, or nothing that could be a submission.
        """
        return Submission.find(self.path, preempt=self.preempt)


def main() -> None:
    """Answer jobs until the grader closes the connection."""
    connection_fd, stack_fd, number = map(int, sys.argv[1:4])
    connection = Connection(connection_fd)
    _prepare_process(stack_fd)
    answers = Answers(number)
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


def _prepare_process(stack_fd: int) -> None:
    """Limit what the process can take: memory, and CPU time within one call."""
    watchdog.last_resort = watchdog.LastResort(stack_fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):  # Not every system has this limit.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


class Answers:
    """Does jobs, and keeps what the next one of the same submission needs."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._tests = {test.name: test for test in collect()}
        self._hosting: Hosting | None = None
        self._hosted: tuple[str, bool, str] | None = None

    def to(self, job: Job) -> Run:
        """Do one job; one that only loads answers with an otherwise empty run."""
        try:
            hosting = self._hosting_for(job)
            if job.test:
                return self._run(job, hosting)
            problem = boot_problem(hosting.submission, hosting)
        except LoadError as exc:
            problem = exc
        except LabError as exc:
            return self._unknown(job, str(exc))
        if problem is None:
            return load_run(job.name, Verdict.PASSED)
        return load_run(job.name, Verdict.FAILED, problem.headline, problem.evidence)

    def _run(self, job: Job, hosting: Hosting) -> Run:
        traces = Path(job.traces) if job.traces else None
        test = self._tests[job.test]
        run = graded_run(
            test,
            hosting.submission,
            job.seed,
            job.digest,
            traces=traces,
            hosting=hosting,
        )
        run.submission = job.name
        return run

    def _hosting_for(self, job: Job) -> Hosting:
        """Return where the job's submission lives; the last one's home is kept."""
        wanted = (job.path, job.preempt, job.isolation)
        if self._hosting is None or self._hosted != wanted:
            self.close()
            submission = job.submission()
            if job.isolation == "process":
                pin_to_one_core(self._number)
                self._hosting = Zygote(submission, job.require_sandbox)
            else:
                self._hosting = ThisProcess(submission)
            self._hosted = wanted
        return self._hosting

    def _unknown(self, job: Job, reason: str) -> Run:
        if not job.test:
            return load_run(job.name, Verdict.UNKNOWN, reason)
        run = new_run(self._tests[job.test], job.submission(), job.seed)
        run.submission, run.verdict, run.reason = job.name, Verdict.UNKNOWN, reason
        return run

    def close(self) -> None:
        """End what is left of the last submission."""
        if self._hosting is not None:
            self._hosting.close()
            self._hosting = None


def load_run(
    submission: str, verdict: Verdict, reason: str = "", evidence: str = ""
) -> Run:
    """Return what came of loading a submission, as a run of no test."""
    return Run(
        submission=submission,
        part="",
        test="",
        seed=0,
        points=0,
        verdict=verdict,
        reason=reason,
        evidence=evidence,
    )
