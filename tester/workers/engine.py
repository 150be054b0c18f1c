"""The engine that carries out jobs: a queue for each submission, processes anywhere."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Self

from labrpc.codes import Code
from tester.measuring.batch import Batch
from tester.search.parallel import PartOutcome
from tester.verdict import LoadResult, Run
from tester.workers.job import Job, MeasureJob


@dataclass(frozen=True)
class WorkerLost:
    """What became of a process that did not answer.

    Attributes:
        code: the stable name of what happened.
        is_submissions_fault: it was stopped in the submission's own code.
        cpu_s: CPU seconds that it had used for the job.
        idle_s: whole seconds in which it was idle meanwhile.
    """

    code: Code
    reason: str
    evidence: str = ""
    is_submissions_fault: bool = False
    cpu_s: float = 0.0
    idle_s: float = 0.0


JobResult = Run | LoadResult | Batch | PartOutcome | WorkerLost
"""What comes of a job, or of the process that had it."""


class Engine(ABC):
    """Carries out jobs; jobs may be added while it runs.

    A process stays with its submission while there are jobs of it, then takes one
    that nobody has, and helps out with another's only when there is none.

    Use as a context manager, so that no process outlives it.
    """

    def __init__(self) -> None:
        self._queues: dict[str, deque[Job]] = {}

    @abstractmethod
    def answers(self) -> Iterator[tuple[Job, JobResult]]:
        """Yield each job with what came of it, until there are no more."""

    def results(self) -> Iterator[tuple[Job, Run | LoadResult | WorkerLost]]:
        """Yield each graded job with its result, or with what became of its process."""
        for job, answer in self.answers():
            assert not isinstance(answer, Batch | PartOutcome)
            yield job, answer

    def batches(self) -> Iterator[tuple[MeasureJob, Batch | WorkerLost]]:
        """Yield each measuring job with its batch, or with what became of its process."""
        for job, answer in self.answers():
            assert isinstance(job, MeasureJob)
            assert isinstance(answer, Batch | WorkerLost)
            yield job, answer

    @property
    @abstractmethod
    def processes(self) -> int:
        """How many jobs are done at a time; it may change."""

    @abstractmethod
    def close(self) -> None:
        """End all processes."""

    def add(self, *jobs: Job) -> None:
        """Put jobs at the end of their submissions' queues."""
        for job in jobs:
            self._queues.setdefault(job.path, deque()).append(job)

    def add_first(self, job: Job) -> None:
        """Put a job at the head of its submission's queue."""
        self._queues.setdefault(job.path, deque()).appendleft(job)

    def drop(
        self, path: str, is_dropped: Callable[[Job], bool] = lambda job: True
    ) -> None:
        """Forget those jobs of a submission that no process has yet."""
        kept = [job for job in self._queues.pop(path, ()) if not is_dropped(job)]
        if kept:
            self._queues[path] = deque(kept)

    def _take(self, path: str, taken: Collection[str]) -> Job:
        """Return the next job for a process.

        Args:
            path: the submission that it has at hand, "" for none.
            taken: the submissions that some process has at hand.
        """
        if path not in self._queues:
            free = (path for path in self._queues if path not in taken)
            longest = max(self._queues, key=lambda path: len(self._queues[path]))
            path = next(free, longest)
        queue = self._queues[path]
        job = queue.popleft()
        if not queue:
            del self._queues[path]
        return job

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
