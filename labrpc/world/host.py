"""One incarnation of a server: its box, and the world's notes about it."""

from collections.abc import Callable
from typing import Any

from labrpc.world.box import Box
from labrpc.world.crash_points import CrashPoint
from labrpc.world.events import Event

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
