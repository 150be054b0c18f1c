"""A pool of grading processes that survives the death of any of them."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path

import msgspec

from labrpc.real_time import Deadline
from tester.verdict import Run
from tester.worker import Job

# A job that takes so long in real time has stopped its process for good: a
# runaway loop in Python is ended by the watchdog much earlier.
JOB_S_MAX = 300.0


class _Worker:
    """One process, and the job that it has."""

    def __init__(self) -> None:
        ours, theirs = Pipe()
        # The fixed hash seed makes the order of a submission's sets repeatable.
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self.connection: Connection = ours
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tester.worker", str(theirs.fileno())],
            env=os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": path},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the grader, which then ends its workers.
            start_new_session=True,
        )
        theirs.close()
        self.job: Job | None = None
        self.deadline = Deadline(JOB_S_MAX)

    def give(self, job: Job) -> None:
        """Send a job; it has JOB_S_MAX from now on."""
        self.job = job
        self.deadline = Deadline(JOB_S_MAX)
        self.connection.send_bytes(msgspec.msgpack.encode(job))

    def stop(self) -> None:
        """End the process at once."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


class Pool:
    """Runs jobs on several processes; jobs may be added while it runs.

    Use as a context manager, so that no process outlives it.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._workers: list[_Worker] = []
        self._jobs: deque[Job] = deque()

    def add(self, *jobs: Job) -> None:
        """Put jobs at the end of the queue."""
        self._jobs.extend(jobs)

    def results(self) -> Iterator[tuple[Job, Run | None]]:
        """Yield each job with its run, None if its process died or hung."""
        while self._jobs or any(worker.job for worker in self._workers):
            self._hand_out()
            busy = {w.connection: w for w in self._workers if w.job is not None}
            left_s = min(worker.deadline.left_s() for worker in busy.values())
            for connection in wait(list(busy), timeout=max(left_s, 0)):
                assert isinstance(connection, Connection)
                yield self._receive(busy[connection])
            for worker in list(busy.values()):
                if worker.job is not None and worker.deadline.left_s() <= 0:
                    yield self._lose(worker)

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.job is None and self._jobs:
                worker.give(self._jobs.popleft())
        while self._jobs and len(self._workers) < self._processes:
            worker = _Worker()
            self._workers.append(worker)
            worker.give(self._jobs.popleft())

    def _receive(self, worker: _Worker) -> tuple[Job, Run | None]:
        try:
            run = msgspec.msgpack.decode(worker.connection.recv_bytes(), type=Run)
        except (EOFError, OSError, msgspec.DecodeError):
            return self._lose(worker)
        job, worker.job = worker.job, None
        assert job is not None
        return job, run

    def _lose(self, worker: _Worker) -> tuple[Job, None]:
        job, worker.job = worker.job, None
        assert job is not None
        worker.stop()
        self._workers.remove(worker)
        return job, None

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *exc: object) -> None:
        for worker in self._workers:
            worker.stop()
