"""One incarnation of a server: its box, and the world's notes about it."""

from collections.abc import Callable
from typing import Any

from labrpc import codes
from labrpc.clock import SECOND, to_seconds
from labrpc.codes import Kind
from labrpc.errors import LabError, LoadError, SubmissionError, as_said_by_box
from labrpc.world.box import Box
from labrpc.world.crash_points import CrashPoint
from labrpc.world.events import Crash, Event

# How long a constructor, or a method the lab calls, may take in virtual time.
ANSWER_NS_MAX = 10 * SECOND
NEVER_NS = 1 << 62


class Host:
    """One incarnation of a server: its box, and the world's notes about it.

    Attributes:
        server: the server's number.
        incarnation: which of the server's lives this is, from 1.
        box: what runs in it.
        up: whether it has not crashed.
        ready: whether its constructor has returned.
        wake_ns: when the box wants to be woken.
        callbacks: what takes the results of methods that were invoked, by number.
        last_invoke_id: the number of the last invocation.
        backlog: the events that a paused server finds when it goes on; None if it runs.
        crash_point: where in a later step it dies; None if it does not.
    """

    def __init__(self, server: int, incarnation: int, box: Box) -> None:
        self.server = server
        self.incarnation = incarnation
        self.box = box
        self.up = True
        self.ready = False
        self.wake_ns = NEVER_NS
        self.callbacks: dict[int, Callable[[Any], None]] = {}
        self.last_invoke_id = 0
        self.backlog: list[Event] | None = None
        self.crash_point: CrashPoint | None = None

    def state(self) -> dict[str, str]:
        """Return the plain attributes of the server's object, as text."""
        return self.box.state()

    def no_answer_error(self, what: str) -> LabError | SubmissionError:
        """Return the error that it has not returned from a call in time."""
        if self.backlog is not None:
            return LabError(f"server {self.server} was asked, and paused: {what}")
        return SubmissionError(
            codes.NO_RETURN,
            f"{what} of server {self.server} has not returned for "
            f"{to_seconds(ANSWER_NS_MAX):.0f} virtual seconds",
            self.box.threads(),
        )


def broken_error(server: int, action: Crash) -> SubmissionError:
    """Return the error that a server's box has reported about its submission."""
    code = codes.failure_of_box(action.code)
    error = LoadError if code.kind is Kind.LOAD else SubmissionError
    headline = f"server {server}: {action.headline}"
    return error(code, headline, as_said_by_box(action.evidence))
