"""What is seldom meant, though it breaks no rule: warnings, each told once.

Beside a failure, it is often the reason. An executor's task that raises, say, ends
without a word, as on a real machine; the server goes on, and does not do what it
should.
"""

from typing import Any, Protocol

from labrpc.box.ends import PUT
from labrpc.clock import SECOND
from labrpc.scheduling.scheduler import Scheduler, Task
from labrpc.submission.stacks import exception_report, place_of
from labrpc.submission.submission import Submission
from labrpc.world.events import Action, Warn

# How long somebody has to ask a future for its exception.
NOTICE_NS = 1 * SECOND
# So many futures are looked after at a time.
LOST_MAX = 16


class WarningBox(Protocol):
    """What is used of a box."""

    submission: Submission
    scheduler: Scheduler
    actions: list[Action]


class Oddities:
    """Looks after the oddities of one box."""

    def __init__(self, box: WarningBox) -> None:
        self._box = box
        self._told: set[str] = set()
        # Futures that hold an exception, and when somebody should have asked.
        self._lost: list[tuple[int, Any]] = []

    def _warn(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._box.actions.append(Warn(text))

    def lock_held(self, holder: Task) -> None:
        """Warn of a lock that others wait for, if it is held across something slow."""
        what = holder.waits_for
        slow = (
            "an RPC" if isinstance(what, tuple)
            else "a sleep" if what == "sleep"
            else "apply_ch.put" if what is PUT
            else None
        )  # fmt: skip
        if slow is not None:
            place = place_of(self._box.submission, holder)
            self._warn(
                f"a lock is held across {slow} {place}: other threads have to wait "
                "meanwhile"
            )

    def returned_nothing(self, method: str) -> None:
        """Warn of an RPC handler that returned None."""
        self._warn(
            f"the RPC handler {method} returned None, which its caller takes for a "
            "lost message: does each way through it end with a return?"
        )

    def raised(self, future: Any) -> None:
        """Take in a future that has got an exception: nobody may ever ask for it."""
        if len(self._lost) < LOST_MAX:
            self._lost.append((self._box.scheduler.now_ns + NOTICE_NS, future))

    def tell_lost(self) -> None:
        """Warn of the exceptions that nobody has asked for by now."""
        while self._lost and self._lost[0][0] <= self._box.scheduler.now_ns:
            future = self._lost.pop(0)[1]
            if not future.lab_was_asked:
                told, _ = exception_report(self._box.submission, future._exception)
                self._warn(
                    f"{told} was raised in an executor's thread, and nobody asked the "
                    "future for it: call result(), or catch it in the function itself"
                )
