"""Second tries of results that are not believed at once, each alone.

A run without a verdict is the lab's fault, or the machine's, and may get one when
nothing else runs. Time that was measured while others ran is measured again, and memory
that others had may be free. What a submission does again, alone, is its own doing: other
runs of the same test that ended for the same reason are then believed without a second
try.
"""

from bisect import insort
from collections.abc import Callable

from labrpc import codes
from tester.verdict import LoadResult, Run, Verdict
from tester.workers.job import Job

TIMED_CODES = {
    code.name
    for code in (
        codes.COMPILER_DIED,
        codes.PROCESS_SILENT,
        codes.RUN_CPU_LIMIT,
        codes.RUN_IDLE_LIMIT,
        codes.SLOW_TO_COMPILE,
    )
}


class SecondTries:
    """The jobs that are to be done once more, and what came of the first try.

    Args:
        order: a key that sorts jobs as the plan has them.
    """

    def __init__(self, order: Callable[[Job], tuple[int, ...]]) -> None:
        self._order = order
        self._waiting: list[tuple[Job, Run | LoadResult]] = []
        self._believed: set[tuple[str, str, str]] = set()

    def note(self, result: Run | LoadResult) -> None:
        """Believe a test's other results if this is a second one like them."""
        if result.retried and result.verdict is Verdict.FAILED:
            self._believed.add(_kind(result))

    def wants(self, result: Run | LoadResult) -> bool:
        """Return whether a result is to be tried again before it counts."""
        if result.retried:
            return False
        if result.verdict is Verdict.UNKNOWN:
            return True
        return result.code in TIMED_CODES and _kind(result) not in self._believed

    def add(self, job: Job, first: Run | LoadResult) -> None:
        """Take in a job whose first result is not believed."""
        # The order in which results came in would decide which of a test's runs is made
        # again.
        insort(self._waiting, (job, first), key=lambda waiting: self._order(waiting[0]))

    def waits_for(self, name: str) -> bool:
        """Return whether a job of a submission is still to be tried again."""
        return any(first.submission == name for _, first in self._waiting)

    def seeds_of(self, name: str, test: str) -> list[int]:
        """Return the seeds at which a test of a submission is still to be tried again."""
        return [
            first.seed
            for _, first in self._waiting
            if isinstance(first, Run) and (first.submission, first.test) == (name, test)
        ]

    def take(self) -> tuple[Job, Run | LoadResult] | None:
        """Return a job and what came of its first try, None if there is none left.

        The first result counts, and need not be tried again, if `wants` no longer
        says so.
        """
        return self._waiting.pop(0) if self._waiting else None


def _kind(result: Run | LoadResult) -> tuple[str, str, str]:
    """Return what results have in common that are believed together."""
    test = result.test if isinstance(result, Run) else ""
    return result.submission, test, result.code
