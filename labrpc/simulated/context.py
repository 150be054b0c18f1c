"""How the simulated modules find the box whose code is running."""

from random import Random
from typing import Any, Protocol

from labrpc.codes import Code
from labrpc.scheduling.preemption import Preemption
from labrpc.scheduling.scheduler import Scheduler, Task, current_scheduler
from labrpc.simulated.box_loops import BoxLoops
from labrpc.simulated.output import Output
from labrpc.submission.submission import Submission


class Reports(Protocol):
    """Takes what a box has to report about its submission."""

    def log(self, line: str, annotates: bool = False) -> None:
        """Record a line that the server printed, or an annotation."""

    def fail(self, code: Code, headline: str, evidence: str = "") -> None:
        """Report that the submission broke."""

    def exception(self, exc: BaseException, where: str) -> None:
        """Report that an exception has left the submission's code."""


class Lint(Protocol):
    """Warns about likely mistakes."""

    def lock_held(self, holder: Task) -> None:
        """Warn about a contended lock whose holder waits for something slow."""

    def watch(self, future: Any) -> None:
        """Watch a future that holds an exception, which may never be asked for."""


class BoxContext:
    """One incarnation of a server, as the simulated modules know it.

    Attributes:
        submission: what it runs.
        server: its number.
        incarnation: which of the server's lives this is, from 1.
        entropy: the random stream of whatever draws without a seed.
        scheduler: runs its threads.
        importer: its modules.
        reports: takes what it reports.
        output: its stdout and stderr.
        lint: takes what looks like a mistake.
        preemption: when its threads lose their turn; None for never.
        loops: its event loops.
        main_thread: the thread that ran the constructor, once somebody has asked.
    """

    scheduler: Scheduler
    importer: Any
    reports: Reports
    output: Output
    lint: Lint

    def __init__(
        self, submission: Submission, server: int, incarnation: int, entropy: Random
    ) -> None:
        self.submission = submission
        self.server = server
        self.incarnation = incarnation
        self.entropy = entropy
        self.preemption: Preemption | None = None
        self.loops = BoxLoops()
        self.main_thread: Any = None
        self._serials: dict[str, int] = {}

    def next_serial(self, kind: str) -> int:
        """Return 1, 2, 3, … for each `kind`, anew in each incarnation."""
        serial = self._serials[kind] = self._serials.get(kind, 0) + 1
        return serial

    def annotate(self, text: str) -> None:
        """Do what `labrpc.annotate` stands for: record a remark, on one line."""
        self.reports.log(" ".join(str(text).splitlines()), annotates=True)


def current_box() -> BoxContext:
    """Return the box whose thread is running.

    Raises:
        RuntimeError: lab code used a simulated module.
    """
    box: BoxContext = current_scheduler().owner
    return box


def serial(thing: Any) -> int:
    """Return a number for an object, in the order in which they are asked for."""
    serial: int | None = vars(thing).get("_lab_serial")
    if serial is None:
        serial = thing._lab_serial = current_box().next_serial("object")
    return serial
