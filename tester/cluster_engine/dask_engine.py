"""Jobs on the workers of a Dask cluster.

The client decides which worker gets which job, as a pool does for its processes, and keeps
everything that must not be lost: a worker, a machine or the scheduler may be killed at any
moment. The jobs of a lost worker are given to others.
"""

import itertools
import platform
import queue
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from labrpc.machine.wall_clock import Deadline
from tester.cluster_engine import remote
from tester.cluster_engine.addresses import machine_of, refuse_unencrypted
from tester.cluster_engine.connections import client_of, local_cluster
from tester.cluster_engine.messages import Description, Reply
from tester.cluster_engine.results import result_here
from tester.cluster_engine.sending import Contents
from tester.codes import PROCESS_LOST
from tester.errors import UsageError
from tester.judging.run_conditions import lab_digest
from tester.judging.run_hosting import RunHosting
from tester.search.parallel import STOPPED
from tester.text import counted, one_line
from tester.workers.engine import Engine, JobResult, WorkerLost
from tester.workers.job import Job
from tester.workers.pool import Pool

# How often to look for workers that have come or gone.
LOOK_S = 1.0
# How long workers may take to start.
WORKERS_S_MAX = 180.0
# A scheduler that does not answer for this time is gone.
SILENT_S_MAX = 30.0
# After this many workers were lost with a job, it is given up.
LOSSES_MAX = 3

Answer = tuple[Job, JobResult]


@dataclass
class Slot:
    """A thread of a worker, and the job that it has.

    Attributes:
        place: its number among those of all workers on the same machine.
        path: the submission that it ran last.
        order: the number of the order that it has.
        is_stopped: whether the job is to end with what it has.
    """

    address: str
    place: int
    job: Job | None = None
    future: Any = None
    path: str = ""
    order: str = ""
    is_stopped: bool = False


@dataclass
class Usable:
    """A worker that may be given jobs."""

    description: Description
    slots: list[Slot] = field(default_factory=list)


class DaskEngine(Engine):
    """Carries out jobs on a cluster.

    Args:
        address: of the scheduler, None for new workers on this machine.
        workers: how many of these.
        hosting: how runs are hosted: a worker that cannot is given no jobs.
        note: takes lines for a person.

    Raises:
        UsageError: the cluster cannot be used.
    """

    def __init__(
        self,
        address: str | None,
        workers: int,
        hosting: RunHosting,
        note: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._hosting = hosting
        self._note = note
        self._usable: dict[str, Usable] = {}
        self._refused: dict[str, str] = {}
        self._contents = Contents(note)
        self._numbers = itertools.count()
        # By the job as it is sent: a job that has a run in it cannot be hashed.
        self._losses: Counter[bytes] = Counter()
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._local: Pool | None = None
        self._cluster: Any = None
        self._is_closed = False
        if address is None:
            self._cluster = local_cluster(workers)
            address = self._cluster.scheduler_address
        self._client: Any = client_of(address)
        self._address = address
        self._silent = Deadline(SILENT_S_MAX)
        self._next_look = Deadline(0)
        try:
            self._wait_for_workers()
        except BaseException:
            self.close()
            raise

    def answers(self) -> Iterator[Answer]:
        """Yield each job with what came of it, or of the workers that had it."""
        while self._queues or self._busy():
            if self._next_look.left_s() <= 0:
                yield from self._look_for_workers()
            if self._is_connected:
                yield from self._hand_out()
            try:
                future = self._done.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            slot = next((slot for slot in self._busy() if slot.future is future), None)
            if slot is not None:
                yield from self._take_reply(slot)

    def stop(self, is_stopped: Callable[[Job], bool]) -> None:
        """Let searches end with what they have; those that wait never begin."""
        for path in list(self._queues):
            self.drop(path, is_stopped)
        for slot in self._busy():
            if slot.job is None or slot.is_stopped or not is_stopped(slot.job):
                continue
            slot.is_stopped = True
            with suppress(OSError, RuntimeError, ValueError):
                self._client.run(
                    remote.stop, slot.order, workers=[slot.address], on_error="ignore"
                )

    def close(self) -> None:
        """Leave the cluster, and end it if it is this engine's own."""
        if self._is_closed:
            return
        self._is_closed = True
        for slot in self._busy():
            _forget(slot.future)
        if self._local is not None:
            self._local.close()
        self._client.close(timeout=5)
        if self._cluster is not None:
            self._cluster.close(timeout=5)

    @property
    def _is_connected(self) -> bool:
        return bool(self._client.status == "running")

    # Workers.

    @property
    def processes(self) -> int:
        """How many jobs the present workers do at a time."""
        return sum(len(worker.slots) for worker in self._usable.values())

    def _busy(self) -> list[Slot]:
        slots = (slot for worker in self._usable.values() for slot in worker.slots)
        return [slot for slot in slots if slot.job is not None]

    def _wait_for_workers(self) -> None:
        deadline = Deadline(WORKERS_S_MAX)
        while not self._usable:
            list(self._look_for_workers())
            if self._refused and not self._usable:
                reasons = "; ".join(f"{a}: {why}" for a, why in self._refused.items())
                raise UsageError(f"--dask: no worker can be used: {reasons}")
            if deadline.left_s() <= 0:
                raise UsageError(
                    f"--dask: the scheduler at {self._address} has no workers: start "
                    "some with `dask worker`"
                )
            with suppress(TimeoutError):
                self._client.wait_for_workers(1, timeout=LOOK_S)
        jobs = counted(self.processes, "job")
        self._note(f"cluster: {self._address}, {jobs} at a time")

    def _look_for_workers(self) -> Iterator[Answer]:
        """Find out which workers have come, and which have gone."""
        self._next_look = Deadline(LOOK_S)
        try:
            known = self._client.scheduler_info(n_workers=-1)["workers"]
            new = known.keys() - self._usable.keys() - self._refused.keys()
            for address, found in self._descriptions(sorted(new)).items():
                self._admit(address, known[address]["nthreads"], found)
        except (OSError, RuntimeError, ValueError, LookupError):
            # What Dask raises when it has no connection.
            if self._silent.left_s() <= 0:
                raise UsageError(
                    f"--dask: the scheduler at {self._address} is gone: the runs so far "
                    "are kept; start it again, and continue with --resume"
                ) from None
            return
        self._silent = Deadline(SILENT_S_MAX)
        for address in self._usable.keys() - known.keys():
            for slot in self._usable.pop(address).slots:
                if slot.job is not None:
                    yield from self._lose(slot)

    def _descriptions(self, addresses: list[str]) -> dict[str, Any]:
        """Return the description of each worker, or the error instead of one."""
        if not addresses:
            return {}
        found: dict[str, Any] = self._client.run(
            remote.describe, workers=addresses, on_error="return"
        )
        return found

    def _admit(self, address: str, threads: int, found: object) -> None:
        """Give a worker jobs from now on, if it can be used.

        Args:
            address: the worker's.
            threads: how many jobs it does at a time.
            found: its description, or why there is none.
        """
        if isinstance(found, OSError):
            return  # It has gone already.
        if not isinstance(found, bytes):
            self._refuse(address, f"it cannot say what it has: {found!r}")
            return
        description = msgspec.msgpack.decode(found, type=Description)
        problem = self._problem(address, description)
        if problem:
            self._refuse(address, problem)
            return
        places = self._free_places(address)
        slots = [Slot(address, next(places)) for _ in range(threads)]
        self._usable[address] = Usable(description, slots)
        if description.missing and self._hosting.isolated:
            layers = ", ".join(layer.name for layer in description.missing)
            self._note(
                f"note: worker {address}: layers of the sandbox are MISSING: {layers}"
            )

    def _free_places(self, address: str) -> Iterator[int]:
        """Yield the places on a worker's machine that no worker has, from 0 on."""
        machine = machine_of(address)
        taken = {
            slot.place
            for other, worker in self._usable.items()
            for slot in worker.slots
            if machine_of(other) == machine
        }
        return (place for place in itertools.count() if place not in taken)

    def _refuse(self, address: str, problem: str) -> None:
        self._refused[address] = one_line(problem)
        self._note(f"note: worker {address} is not used: {one_line(problem)}")

    def _problem(self, address: str, description: Description) -> str:
        """Return why a worker cannot be used, "" if it can."""
        refuse_unencrypted(address, "a worker")
        if description.lab != lab_digest():
            return "it has another version of the lab"
        if description.python != platform.python_version():
            return f"it has Python {description.python}"
        if not self._hosting.isolated:
            return ""
        if description.problem:
            return f"--isolation process: {description.problem}"
        if description.missing and self._hosting.require_sandbox:
            missing = (f"{layer.name}: {layer.detail}" for layer in description.missing)
            reasons = "; ".join(missing)
            return f"--require-sandbox: layers are missing: {reasons}"
        return ""

    # Jobs.

    def _hand_out(self) -> Iterator[Answer]:
        for worker in self._usable.values():
            for slot in worker.slots:
                while slot.job is None and self._queues:
                    taken = [s.path for w in self._usable.values() for s in w.slots]
                    job = self._take(slot.path, taken)
                    if not self._contents.can_travel(job):
                        yield from self._carry_out_here(job)
                        continue
                    self._give(slot, job)

    def _carry_out_here(self, job: Job) -> Iterator[Answer]:
        """Do, on this machine, a job that cannot travel."""
        self._local = self._local or Pool(1)
        self._local.add(job)
        yield from self._local.answers()

    def _give(self, slot: Slot, job: Job, with_content: bool = False) -> None:
        number = f"{self._client.id}/{next(self._numbers)}"
        order = self._contents.order(
            number, slot.place, job, slot.address, with_content
        )
        try:
            slot.future = self._client.submit(
                remote.carry_out,
                msgspec.msgpack.encode(order),
                workers=[slot.address],
                allow_other_workers=False,
                pure=False,
            )
            slot.future.add_done_callback(self._done.put)
        except (OSError, RuntimeError, ValueError):
            # The connection was lost at this moment.
            self.add_first(job)
            return
        slot.job, slot.path, slot.order = job, job.path, number

    def _take_reply(self, slot: Slot) -> Iterator[Answer]:
        job, future = slot.job, slot.future
        assert job is not None
        try:
            data = future.result(timeout=SILENT_S_MAX)
        except Exception:
            # The worker was lost, or the scheduler: looking for workers shows which.
            yield from self._lose(slot)
            return
        reply = msgspec.msgpack.decode(data, type=Reply)
        if reply.lacks_content and not slot.is_stopped:
            self._give(slot, job, with_content=True)
            return
        slot.job, slot.future, slot.is_stopped = None, None, False
        if reply.lacks_content:
            yield job, STOPPED
            return
        there = self._usable[slot.address].description
        yield job, result_here(job, reply, there)

    def _lose(self, slot: Slot) -> Iterator[Answer]:
        """Give the job of a lost worker to another."""
        job, slot.job = slot.job, None
        assert job is not None
        _forget(slot.future)
        was_stopped, slot.is_stopped = slot.is_stopped, False
        self._contents.forget(slot.address)
        key = msgspec.msgpack.encode(job)
        # If the scheduler is gone, every job is lost, and none is to blame.
        self._losses[key] += self._is_connected
        if was_stopped:
            yield job, STOPPED
        elif self._losses[key] < LOSSES_MAX:
            self.add_first(job)
        else:
            reason = f"{LOSSES_MAX} workers were lost during this run"
            yield job, WorkerLost(PROCESS_LOST, reason)


def _forget(future: Any) -> None:
    """Cancel a job, if the cluster can still be reached."""
    with suppress(Exception):
        future.cancel(force=True)
