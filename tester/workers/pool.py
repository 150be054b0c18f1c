"""A pool of grading processes that survives whatever happens to any of them.

The watchdog inside a process stops code that never waits. It cannot stop a call into C
that does not return: that ends the process, which leaves a file that says where it stood.
"""

import itertools
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe, wait

import msgspec

from labrpc.codes import HANGS_IN_C
from labrpc.machine.lab_process import lab_command, lab_environment
from labrpc.submission.native_hang import stuck_call
from tester.codes import LAB_BROKE, PROCESS_LOST
from tester.text import one_line
from tester.workers.effort import Effort
from tester.workers.engine import Engine, JobResult, WorkerLost
from tester.workers.job import Answer, Job

LOOK_MS = 500
# How long a process may take to write down where it hangs.
STACK_S_MAX = 5.0
# Fixed, so that the order of a submission's sets repeats.
HASH_SEED = 0
_STACK_BYTES_MAX = 1 << 20


class GradingProcess:
    """One process, and the job that it has.

    Args:
        hash_seed: Python's, on which the order of a submission's sets depends.
        number: which of a pool's it is.
    """

    def __init__(self, hash_seed: int = HASH_SEED, number: int = 0) -> None:
        self.number = number
        ours, theirs = Pipe()
        self.connection: Connection = ours
        self._stack = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        fds = (theirs.fileno(), self._stack.fileno())
        self.process = subprocess.Popen(
            lab_command("tester.workers.worker", *fds, number),
            env=lab_environment(PYTHONHASHSEED=str(hash_seed)),
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the grader, which then ends its workers.
            start_new_session=True,
        )
        theirs.close()
        self.job: Job | None = None
        # The submission that it ran last: it has that at hand.
        self.path = ""
        self._effort = Effort(self.process.pid, False, LOOK_MS)

    def give(self, job: Job) -> None:
        """Send a job."""
        self.job = job
        self.path = job.path
        self._effort = Effort(self.process.pid, job.hosting.isolated, LOOK_MS)
        self.connection.send_bytes(msgspec.msgpack.encode(job))

    def receive(self) -> JobResult | None:
        """Wait for the answer to the job; None if the process died."""
        self.job = None
        try:
            data = self.connection.recv_bytes()
            answer = msgspec.msgpack.decode(data, type=Answer)
        except (EOFError, OSError, msgspec.DecodeError):
            return None
        if answer.problem:
            return WorkerLost(LAB_BROKE, one_line(answer.problem))
        return answer.run or answer.load or answer.batch

    def hang(self) -> WorkerLost | None:
        """Return what to report if the job takes too much, None if it does not."""
        assert self.job is not None
        excess = self._effort.excess()
        if not excess:
            return None
        # As a hang in C ends it: it writes down where it stands.
        self.process.send_signal(signal.SIGVTALRM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STACK_S_MAX)
        lost = self.exit_cause(self.job)
        whose = "submission's" if lost.is_submissions_fault else "grading"
        return replace(lost, reason=f"the {whose} process hung: it {excess}")

    def exit_cause(self, job: Job) -> WorkerLost:
        """Return why the process died during a job."""
        found = self._exit_cause(job)
        effort = self._effort
        return replace(found, cpu_s=effort.cpu_s, idle_s=float(int(effort.idle_s)))

    def _exit_cause(self, job: Job) -> WorkerLost:
        stack = os.pread(self._stack.fileno(), _STACK_BYTES_MAX, 0)
        if not stack:
            return WorkerLost(PROCESS_LOST, "the grading process died during this run")
        reason, evidence = stuck_call(stack.decode(errors="replace"), job.submission())
        if not evidence:
            return WorkerLost(PROCESS_LOST, reason)
        return WorkerLost(HANGS_IN_C, reason, evidence, is_submissions_fault=True)

    def stop(self) -> None:
        """End the process at once."""
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self._stack.close()


class Pool(Engine):
    """Carries out jobs on several processes of this machine.

    Args:
        processes: how many.
        first: the number of the first one, which chooses its core; None for one that
            other graders of this machine hardly have.
    """

    def __init__(self, processes: int, first: int | None = None) -> None:
        super().__init__()
        self._processes = processes
        # Another grader begins at another core.
        self._first = os.getpid() if first is None else first
        self._workers: list[GradingProcess] = []

    @property
    def processes(self) -> int:
        """How many jobs are done at a time."""
        return self._processes

    def answers(self) -> Iterator[tuple[Job, JobResult]]:
        """Yield each job with what came of it, or of its process."""
        while self._queues or any(worker.job for worker in self._workers):
            self._hand_out()
            busy = {w.connection: w for w in self._workers if w.job is not None}
            for connection in wait(list(busy), timeout=LOOK_MS / 1000):
                assert isinstance(connection, Connection)
                yield self._receive(busy.pop(connection))
            for worker in busy.values():
                hang = worker.hang()
                if hang is not None and worker.job is not None:
                    self._discard(worker)
                    yield worker.job, hang

    def _hand_out(self) -> None:
        for worker in list(self._workers):
            if worker.job is None and self._queues:
                job = self._next(worker.path)
                try:
                    worker.give(job)
                except OSError:
                    # It has died since its last answer: no job is lost.
                    self._discard(worker)
                    self.add_first(job)
        while self._queues and len(self._workers) < self._processes:
            worker = GradingProcess(number=self._free_number())
            self._workers.append(worker)
            worker.give(self._next())

    def _next(self, path: str = "") -> Job:
        return self._take(path, [worker.path for worker in self._workers])

    def _free_number(self) -> int:
        taken = {worker.number for worker in self._workers}
        return next(n for n in itertools.count(self._first) if n not in taken)

    def _receive(self, worker: GradingProcess) -> tuple[Job, JobResult]:
        job = worker.job
        assert job is not None
        result = worker.receive()
        if result is not None:
            return job, result
        lost = worker.exit_cause(job)
        self._discard(worker)
        return job, lost

    def _discard(self, worker: GradingProcess) -> None:
        worker.stop()
        self._workers.remove(worker)

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.stop()
