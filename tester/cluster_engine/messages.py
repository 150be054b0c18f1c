"""The messages between the client and the workers of a cluster.

All of it is msgpack of fixed types.
"""

import msgspec

from labrpc.sandbox.measure import Measure
from tester.cluster_engine.content import Content
from tester.codes import ALL_CODES
from tester.measuring.batch import Batch
from tester.search.parallel import Part, PartOutcome
from tester.verdict import LoadResult, Run
from tester.workers.engine import WorkerLost
from tester.workers.job import AnyJob, Job


class SearchJob(Job, frozen=True, kw_only=True):
    """Search a part. On one machine, each part has a process of its own."""

    part: Part


class Order(msgspec.Struct):
    """A job for a worker.

    Attributes:
        number: what the client calls it; no other client uses it.
        place: which of those that do jobs on the worker's machine is to do it. Each has
            a core, and the submission that it ran last at hand.
        job: its paths are those on the client's machine.
        submission: its content, without data if the worker should have it already.
        suite: that of the instructor's suite, None for the lab's.
    """

    number: str
    place: int
    job: AnyJob | SearchJob
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
    part: PartOutcome | None = None
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
