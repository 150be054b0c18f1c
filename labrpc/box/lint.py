"""Warnings about likely mistakes that break no rule; each is issued once.

Beside a failure, a warning often names the reason. For example, an executor's task
that raises ends silently, as on a real machine, and the server goes on without the
task's effect.
"""

from typing import Any

from labrpc import codes
from labrpc.box.ends import PUT
from labrpc.box.outbox import Outbox
from labrpc.clock import SECOND
from labrpc.codes import Code
from labrpc.errors import HEADLINE_CHARS_MAX, WARNINGS_MAX
from labrpc.scheduling.scheduler import Task
from labrpc.simulated.context import BoxContext
from labrpc.submission.stacks import exception_report, place_of
from labrpc.world.events import Warn

# A future's exception counts as lost if the future was not asked for it by then.
LOST_AFTER_NS = 1 * SECOND
# How many futures with an exception are watched at a time.
WATCHED_MAX = 16


class Linter:
    """Issues the warnings of one box."""

    def __init__(self, context: BoxContext, outbox: Outbox) -> None:
        self._context = context
        self._outbox = outbox
        self._issued: set[str] = set()
        # Futures that hold an exception, each with the time at which it counts as lost.
        self._watched: list[tuple[int, Any]] = []

    def _warn(self, code: Code, text: str) -> None:
        text = text[:HEADLINE_CHARS_MAX]
        if text not in self._issued and len(self._issued) < WARNINGS_MAX:
            self._issued.add(text)
            self._outbox.actions.append(Warn(code.name, text))

    def lock_held(self, holder: Task) -> None:
        """Warn about a contended lock whose holder waits for something slow."""
        what = holder.waits_for
        slow = (
            "an RPC" if isinstance(what, tuple)
            else "a sleep" if what == "sleep"
            else "apply_ch.put" if what is PUT
            else None
        )  # fmt: skip
        if slow is not None:
            place = place_of(self._context.submission, holder)
            self._warn(
                codes.LOCK_HELD_ACROSS_WAIT,
                f"a lock is held across {slow} {place}: other threads have to wait "
                "meanwhile",
            )

    def returned_nothing(self, method: str) -> None:
        """Warn about an RPC handler that returned None."""
        self._warn(
            codes.HANDLER_RETURNED_NONE,
            f"the RPC handler {method} returned None, which its caller takes for a "
            "lost message: does each way through it end with a return?",
        )

    def watch(self, future: Any) -> None:
        """Watch a future that holds an exception, which may never be asked for."""
        if len(self._watched) < WATCHED_MAX:
            self._watched.append(
                (self._context.scheduler.now_ns + LOST_AFTER_NS, future)
            )

    def warn_of_lost(self) -> None:
        """Warn about exceptions that no code has asked their futures for."""
        while self._watched and self._watched[0][0] <= self._context.scheduler.now_ns:
            future = self._watched.pop(0)[1]
            if not future.lab_was_asked:
                headline, _ = exception_report(
                    self._context.submission, future._exception
                )
                self._warn(
                    codes.EXCEPTION_NOT_ASKED_FOR,
                    f"{headline} was raised in an executor's thread, and nobody asked the "
                    "future for it: call result(), or catch it in the function itself",
                )
