"""Carrying out jobs on a worker of the cluster, with the results of one machine.

The worker's own process runs no code of a submission: it has grading processes, as
`workers.Pool` has, which may die or hang. Orders and replies are msgpack of fixed types.
"""

import atexit
import os
import platform
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from labrpc.errors import LabError
from labrpc.isolated.zygote import sandbox_measures
from labrpc.sandbox.measure import Measure
from tester.cluster_engine.content import Content, unpack
from tester.codes import ALL_CODES
from tester.judging.run_conditions import lab_digest
from tester.measuring.batch import Batch
from tester.verdict import LoadResult, Run
from tester.views.redaction import code_places
from tester.workers.engine import WorkerLost
from tester.workers.job import AnyJob, PictureJob, RunJob
from tester.workers.pool import Pool


class Order(msgspec.Struct):
    """A job for a worker.

    Attributes:
        job: its paths are those on the client's machine.
        submission: its content, without data if the worker should have it already.
        suite: that of the instructor's suite, None for the lab's.
    """

    job: AnyJob
    submission: Content
    suite: Content | None = None


class Lost(msgspec.Struct):
    """A `WorkerLost` as plain values."""

    code: str
    reason: str
    evidence: str
    is_submissions_fault: bool
    cpu_s: float
    idle_s: float

    @classmethod
    def of(cls, lost: WorkerLost) -> "Lost":
        """Return what became of a process as plain values."""
        return cls(
            lost.code.name,
            lost.reason,
            lost.evidence,
            lost.is_submissions_fault,
            lost.cpu_s,
            lost.idle_s,
        )

    def worker_lost(self) -> WorkerLost:
        """Return it as the grader knows it."""
        return WorkerLost(
            ALL_CODES[self.code],
            self.reason,
            self.evidence,
            self.is_submissions_fault,
            self.cpu_s,
            self.idle_s,
        )


class Reply(msgspec.Struct, omit_defaults=True):
    """The answer to an order.

    Attributes:
        lacks_content: the submission and the suite have to be sent along.
        path: where the submission lies on the worker's machine.
        suite: where the suite lies there.
        picture: the content of the run's picture.
    """

    run: Run | None = None
    load: LoadResult | None = None
    batch: Batch | None = None
    lost: Lost | None = None
    lacks_content: bool = False
    path: str = ""
    suite: str = ""
    picture: bytes = b""


class Description(msgspec.Struct):
    """What a client has to know about a worker.

    Attributes:
        places: where the code of Python and of the lab lies there.
        layers: of the sandbox.
        problem: why there can be no isolation, "" if there can be.
    """

    lab: str
    python: str
    places: list[str]
    layers: list[Measure]
    problem: str = ""

    @property
    def missing(self) -> list[Measure]:
        """The layers that are not in force."""
        return [layer for layer in self.layers if not layer.in_force]


def describe() -> bytes:
    """Return the description of this worker."""
    found = Description(lab_digest(), platform.python_version(), code_places(), [])
    try:
        found.layers = sandbox_measures()
    except LabError as exc:
        found.problem = str(exc)
    return msgspec.msgpack.encode(found)


class Executor:
    """The grading processes and the submissions of one worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Pool] = []
        self._folder = tempfile.TemporaryDirectory(prefix="raft-lab-")
        self._contents = os.path.realpath(self._folder.name)
        # Servers in a sandbox read their submission as another user.
        os.chmod(self._folder.name, 0o755)

    def carry_out(self, order: Order) -> Reply:
        """Do a job."""
        job, suite = order.job, ""
        path = self._place_of(order.submission)
        if order.suite is not None and isinstance(job, RunJob | PictureJob):
            suite = self._place_of(order.suite)
            job = msgspec.structs.replace(job, suite=suite)
        if not path or (order.suite is not None and not suite):
            return Reply(lacks_content=True)
        job = msgspec.structs.replace(job, path=path)
        with tempfile.TemporaryDirectory() as pictures:
            if isinstance(job, PictureJob):
                job = msgspec.structs.replace(job, folder=pictures)
            reply = self._done(job)
            if reply.run is not None and reply.run.picture:
                with suppress(OSError):
                    reply.picture = (Path(pictures) / reply.run.picture).read_bytes()
        reply.path, reply.suite = path, suite
        return reply

    def close(self) -> None:
        """End all processes, and remove the submissions."""
        for pool in self._idle:
            pool.close()
        self._idle.clear()
        self._folder.cleanup()

    def _done(self, job: AnyJob) -> Reply:
        with self._lock:
            pool = self._idle.pop() if self._idle else Pool(1)
        pool.add(job)
        try:
            ((_, result),) = pool.answers()
        finally:
            with self._lock:
                self._idle.append(pool)
        if isinstance(result, WorkerLost):
            return Reply(lost=Lost.of(result))
        if isinstance(result, LoadResult):
            return Reply(load=result)
        if isinstance(result, Batch):
            return Reply(batch=result)
        return Reply(run=result)

    def _place_of(self, content: Content) -> str:
        """Return where a submission or a suite lies here, "" if it is not here."""
        folder = os.path.join(self._contents, content.digest)
        with self._lock:
            if not os.path.isdir(folder):
                if not content.data:
                    return ""
                with tempfile.TemporaryDirectory(dir=self._contents) as beside:
                    os.chmod(beside, 0o755)
                    unpack(content.data, Path(beside))
                    # At one stroke, so that half of a submission is never run.
                    os.rename(beside, folder)
                    os.mkdir(beside)
        return os.path.join(folder, content.name)


_executor: Executor | None = None
_executor_lock = threading.Lock()


@atexit.register
def leave() -> None:
    """End the grading processes of this worker, and remove the submissions."""
    global _executor
    if _executor is not None:
        _executor.close()
        _executor = None


def carry_out(order: bytes) -> bytes:
    """Do a job on this worker."""
    global _executor
    with _executor_lock:
        if _executor is None:
            _executor = Executor()
    reply = _executor.carry_out(msgspec.msgpack.decode(order, type=Order))
    return msgspec.msgpack.encode(reply)
