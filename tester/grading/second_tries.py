"""Second tries of results that are not believed at once, each alone.

A run without a verdict is the lab's fault, or the machine's, and may get one when
nothing else runs. Time that was measured while others ran is measured again, and memory
that others had may be free. What a submission does again, alone, is its own doing: its
other runs that ended for the same reason are then believed without a second try.
"""

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
    """The jobs that are to be done once more, and what came of the first try."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Job, Run | LoadResult]] = []
        self._believed: set[tuple[str, str]] = set()

    def note(self, result: Run | LoadResult) -> None:
        """Believe a submission's other results if this is a second one like them."""
        if result.retried and result.verdict is Verdict.FAILED:
            self._believed.add((result.submission, result.code))

    def wants(self, result: Run | LoadResult) -> bool:
        """Return whether a result is to be tried again before it counts."""
        if result.retried:
            return False
        if result.verdict is Verdict.UNKNOWN:
            return True
        is_believed = (result.submission, result.code) in self._believed
        return result.code in TIMED_CODES and not is_believed

    def add(self, job: Job, first: Run | LoadResult) -> None:
        """Take in a job whose first result is not believed."""
        self._waiting.append((job, first))

    def waits_for(self, name: str) -> bool:
        """Return whether a job of a submission is still to be tried again."""
        return any(first.submission == name for _, first in self._waiting)

    def take(self) -> tuple[Job, Run | LoadResult] | None:
        """Return a job and what came of its first try, None if there is none left.

        The first result counts, and need not be tried again, if `wants` no longer
        says so.
        """
        return self._waiting.pop(0) if self._waiting else None
