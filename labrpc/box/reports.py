"""Reports of a box about its submission: printed lines, and how it broke."""

import sys

from labrpc import codes
from labrpc.box.debugger import Debugger
from labrpc.box.outbox import Outbox
from labrpc.codes import Code
from labrpc.errors import EVIDENCE_CHARS_MAX, HEADLINE_CHARS_MAX, CtrlC
from labrpc.scheduling.scheduler import Task
from labrpc.simulated.context import BoxContext
from labrpc.simulated.output import LINE_CHARS_MAX
from labrpc.submission.stacks import exception_report
from labrpc.world.events import Crash, Log

# A server that logs more than this in one incarnation loses the rest.
LOG_LINES_MAX = 50_000
# What only the code that runs in a box raises there. SystemExit ends a thread, and
# is handled elsewhere; what pytest raises to end a test is none of these.
_OF_SUBMISSIONS = (Exception, GeneratorExit, KeyboardInterrupt)


class NoSuchMethod(Exception):
    """A server's class lacks the method that an RPC or the service calls."""


class BoxReports:
    """What one box reports about its submission.

    Args:
        context: the box.
        outbox: where reports go.
        debugger: learns of exceptions; None without a debugger.

    Attributes:
        failed: whether the submission has broken. Only the first failure counts.
    """

    def __init__(
        self, context: BoxContext, outbox: Outbox, debugger: Debugger | None = None
    ) -> None:
        self.failed = False
        self._context = context
        self._outbox = outbox
        self._debugger = debugger
        self._log_lines = 0

    def log(self, line: str, annotates: bool = False) -> None:
        """Record a line that the server printed, or an annotation."""
        self._log_lines += 1
        if len(line) > LINE_CHARS_MAX:
            line = f"{line[:LINE_CHARS_MAX]}… ({len(line)} characters)"
        if self._log_lines > LOG_LINES_MAX:
            return
        if self._log_lines == LOG_LINES_MAX:
            line = "… (no more is recorded)"
        self._outbox.actions.append(
            Log(self._context.scheduler.now_ns, line, annotates)
        )

    def fail(self, code: Code, headline: str, evidence: str = "") -> None:
        """Report that the submission broke; the world will end the test."""
        exc = sys.exception()
        if self._debugger is not None and exc is not None:
            self._debugger.exception(exc)
        if not self.failed:
            self.failed = True
            self._context.output.end_line()
            headline = headline[:HEADLINE_CHARS_MAX]
            evidence = evidence[:EVIDENCE_CHARS_MAX]
            self._outbox.actions.append(Crash(code.name, headline, evidence))

    def exception(self, exc: BaseException, where: str) -> None:
        """Report that an exception has left the submission's code."""
        if self._debugger is not None:
            self._debugger.exception(exc)
        if isinstance(exc, NoSuchMethod):
            self.fail(codes.NO_SUCH_METHOD, str(exc))
            return
        headline, evidence = exception_report(self._context.submission, exc)
        self.fail(codes.EXCEPTION, f"{headline}, {where}", evidence)

    def escaped(self, exc: BaseException, task: Task) -> bool:
        """Report what left a thread, unless it came from outside, as Ctrl-C does."""
        if self.is_of_submission(exc):
            self.exception(exc, f"in thread {task.name!r}")
            return True
        return False

    def is_of_submission(self, exc: BaseException) -> bool:
        """Return whether the submission raised an exception, rather than the lab."""
        module = type(exc).__module__
        # The submission has an `asyncio` of its own, with its own CancelledError.
        if module in self._context.importer.own or module.startswith("asyncio."):
            return True
        return isinstance(exc, _OF_SUBMISSIONS) and not isinstance(exc, CtrlC)
