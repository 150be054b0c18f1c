"""Carrying out jobs on a worker of the cluster, with the results of one machine.

The worker's own process runs no code of a submission: it has grading processes, as
`workers.Pool` has, which may die or hang.
"""

import atexit
import os
import platform
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from labrpc.errors import LabError
from labrpc.isolated.zygote import sandbox_measures
from tester.cluster_engine.content import Content, unpack
from tester.cluster_engine.messages import Description, Lost, Order, Reply, SearchJob
from tester.codes import LAB_BROKE
from tester.judging.run_conditions import lab_digest
from tester.judging.suite import suite_path
from tester.measuring.batch import Batch
from tester.search.parallel import STOPPED, SearchProcess
from tester.verdict import LoadResult, Run
from tester.views.redaction import code_places
from tester.workers.engine import WorkerLost
from tester.workers.job import AnyJob, PictureJob, RunJob
from tester.workers.pool import Pool


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
        # By the number of the place.
        self._pools: dict[int, Pool] = {}
        self._searches: dict[str, SearchProcess] = {}
        self._stopped: set[str] = set()
        self._folder = tempfile.TemporaryDirectory(prefix="raft-lab-")
        self._contents = os.path.realpath(self._folder.name)
        # Servers in a sandbox read their submission as another user.
        os.chmod(self._folder.name, 0o755)

    def carry_out(self, order: Order, is_wanted: Callable[[], bool]) -> Reply:
        """Do a job.

        Args:
            order: what is to be done.
            is_wanted: returns whether the client still waits for it.
        """
        job, suite = order.job, ""
        path = self._place_of(order.submission)
        if order.suite is not None and isinstance(job, RunJob | PictureJob):
            suite = self._place_of(order.suite)
            job = msgspec.structs.replace(job, suite=suite)
        if not path or (order.suite is not None and not suite):
            return Reply(lacks_content=True)
        job = msgspec.structs.replace(job, path=path)
        if isinstance(job, SearchJob):
            return self._search(order, path, is_wanted)
        with tempfile.TemporaryDirectory() as pictures:
            if isinstance(job, PictureJob):
                job = msgspec.structs.replace(job, folder=pictures)
            reply = self._done(job, order.place)
            if reply.run is not None and reply.run.picture:
                with suppress(OSError):
                    reply.picture = (Path(pictures) / reply.run.picture).read_bytes()
        reply.path, reply.suite = path, suite
        return reply

    def stop(self, number: str) -> None:
        """Let a search end with what it has, or not begin."""
        with self._lock:
            self._stopped.add(number)
            process = self._searches.get(number)
        if process is not None:
            process.stop()

    def _search(self, order: Order, path: str, is_wanted: Callable[[], bool]) -> Reply:
        assert isinstance(order.job, SearchJob)
        number = order.number
        with self._lock:
            if number in self._stopped:
                return Reply(part=STOPPED)
            part = msgspec.structs.replace(
                order.job.part,
                submission=path,
                suite=str(suite_path(3)) if order.job.part.suite else "",
                # It chooses the core.
                number=order.place,
            )
            process = self._searches[number] = SearchProcess(part)
        try:
            return Reply(part=process.outcome(is_wanted))
        except LabError as exc:
            return Reply(lost=Lost.of(WorkerLost(LAB_BROKE, str(exc))))
        finally:
            with self._lock:
                del self._searches[number]

    def close(self) -> None:
        """End all processes, and remove the submissions."""
        for search in list(self._searches.values()):
            search.stop()
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        self._folder.cleanup()

    def _done(self, job: AnyJob, place: int) -> Reply:
        with self._lock:
            # A job of another client may have it.
            pool = self._pools.pop(place, None) or Pool(1, first=place)
        pool.add(job)
        try:
            ((_, result),) = pool.answers()
        finally:
            with self._lock:
                other = self._pools.pop(place, None)
                self._pools[place] = pool
        if other is not None:
            other.close()
        if isinstance(result, WorkerLost):
            return Reply(lost=Lost.of(result))
        if isinstance(result, LoadResult):
            return Reply(load=result)
        if isinstance(result, Batch):
            return Reply(batch=result)
        assert isinstance(result, Run)
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
    reply = executor().carry_out(
        msgspec.msgpack.decode(order, type=Order), _waiting_client()
    )
    return msgspec.msgpack.encode(reply)


def stop(number: str) -> None:
    """Let a search on this worker end with what it has."""
    executor().stop(number)


def executor() -> Executor:
    """Return what does the jobs of this process."""
    global _executor
    with _executor_lock:
        if _executor is None:
            _executor = Executor()
        return _executor


def _waiting_client() -> Callable[[], bool]:
    """Return a function that says whether the client waits for the present job."""
    # Only workers need it.
    import distributed

    worker = distributed.get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled"

    return is_wanted
