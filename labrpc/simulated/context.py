"""How simulated modules find the box that is running."""

from random import Random
from typing import Any, Protocol

from labrpc.codes import Code
from labrpc.scheduling.preemption import Preemption
from labrpc.scheduling.scheduler import Scheduler, current_scheduler
from labrpc.submission.submission import Submission


class BoxContext(Protocol):
    """What the simulated modules ask of a box."""

    submission: Submission
    server: int
    incarnation: int
    entropy: Random
    main_thread: Any
    output: Any
    importer: Any
    scheduler: Scheduler
    preemption: Preemption | None
    loops: Any
    lint: Any

    def next_serial(self, kind: str) -> int:
        """Return 1, 2, 3, … for each `kind`, anew in each incarnation."""

    def log(self, line: str) -> None:
        """Record a line that the server printed."""

    def fail(self, code: Code, headline: str, evidence: str = "") -> None:
        """End the test: the submission broke."""

    def report(self, exc: BaseException, where: str) -> None:
        """End the test: an exception has left the submission's code."""


def current_box() -> BoxContext:
    """Return the box whose thread is running.

    Raises:
        RuntimeError: lab code used a simulated module.
    """
    box: BoxContext = current_scheduler().owner
    return box
