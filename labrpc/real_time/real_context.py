"""One incarnation on real threads, and which thread belongs to which.

Several servers run at once in one process. Whoever needs to know the server of the
current thread asks `current_box`.
"""

import sys
import threading
from contextlib import suppress
from random import Random

from labrpc.box.reports import BoxReports
from labrpc.simulated.context import BoxContext
from labrpc.submission.submission import Submission

# Under this name a thread, and the built-in names of a module, know their box.
BOX_NAME = "__lab_box__"


class Ended(BaseException):
    """Raised in a thread whose server has crashed, or whose world is closed.

    No Exception, so that a submission's `except Exception` lets it pass.
    """


class RealContext(BoxContext):
    """One incarnation of a server, on real threads.

    Attributes:
        dead: whether the server has crashed; once true, always true.
        thread_class: what the submission gets as `threading.Thread`.
    """

    reports: BoxReports
    thread_class: type[threading.Thread]

    def __init__(
        self, submission: Submission, server: int, incarnation: int, entropy: Random
    ) -> None:
        super().__init__(submission, server, incarnation, entropy)
        self.dead = False
        self._serials_lock = threading.Lock()

    def next_serial(self, kind: str) -> int:
        """Return 1, 2, 3, … for each `kind`."""
        with self._serials_lock:
            return super().next_serial(kind)

    def check_alive(self) -> None:
        """Raise Ended if the server has crashed."""
        if self.dead:
            raise Ended

    def thread_failed(self, thread: threading.Thread) -> None:
        """Report the exception that is ending a thread of the submission's."""
        exc = sys.exception()
        if exc is not None and self.reports.is_of_submission(exc):
            with suppress(Ended):
                self.reports.exception(exc, f"in thread {thread.name!r}")


def adopt(thread: threading.Thread, box: RealContext) -> None:
    """Make a thread one of the box's."""
    setattr(thread, BOX_NAME, box)


def box_of(thread: threading.Thread) -> RealContext | None:
    """Return the box that started a thread, None if none did."""
    box: RealContext | None = getattr(thread, BOX_NAME, None)
    return box


def current_box() -> RealContext | None:
    """Return the box whose code the current thread runs, None for the lab's own.

    A worker of an executor is a thread of the process's own `threading`. There, the
    submission's functions on its stack show the box.
    """
    box = box_of(threading.current_thread())
    frame = sys._getframe(1)
    while box is None and frame is not None:
        box = frame.f_builtins.get(BOX_NAME)
        frame = frame.f_back  # type: ignore[assignment]
    return box
