"""Exceptions that only a future knows of: nobody may ever ask it for them.

An executor's task that raises ends without a word, as on a real machine; the
server goes on, and does not do what it should. That breaks no rule, so it is a
warning: beside a failure, it is often the reason.
"""

from typing import Any, Protocol

from labrpc.clock import SECOND
from labrpc.stacks import exception_report
from labrpc.submission import Submission
from labrpc.threads import Scheduler

# How long somebody has to ask for an exception.
NOTICE_NS = 1 * SECOND
# So many are looked after at a time.
LOST_MAX = 16


class WarningBox(Protocol):
    """What is used of a box."""

    submission: Submission
    scheduler: Scheduler

    def warn(self, text: str) -> None:
        """Warn, once, of something that breaks no rule but is seldom meant."""


class LostExceptions:
    """The futures of one box that hold an exception, until somebody has asked."""

    def __init__(self, box: WarningBox) -> None:
        self._box = box
        self._futures: list[tuple[int, Any]] = []

    def note(self, future: Any) -> None:
        """Take in a future that has got an exception in the thread that runs."""
        if len(self._futures) < LOST_MAX:
            due_ns = self._box.scheduler.now_ns + NOTICE_NS
            self._futures.append((due_ns, future))

    def tell(self) -> None:
        """Warn of the exceptions that nobody has asked for by now."""
        while self._futures and self._futures[0][0] <= self._box.scheduler.now_ns:
            future = self._futures.pop(0)[1]
            if not future.lab_was_asked:
                told, _ = exception_report(self._box.submission, future._exception)
                self._box.warn(
                    f"{told} was raised in an executor's thread, and nobody asked the "
                    "future for it: call result(), or catch it in the function itself"
                )
