"""A box as the world sees it: one incarnation of one server, stepped by events."""

from typing import Protocol

from labrpc.world.events import Action, Event

Step = tuple[list[Action], int | None]
"""What a server did, in order, and when it wants to be woken, in nanoseconds."""


class Box(Protocol):
    """One incarnation of one server, as the world sees it."""

    def step(self, now_ns: int, event: Event) -> Step:
        """Deliver `event` and run until every thread waits.

        Returns what the server did, in order, and when it wants to be woken.
        """

    def crash(self) -> None:
        """End the incarnation, as a power cut does."""

    def runaway(self) -> str:
        """Return where the thread that does not stop stands, for a watchdog."""

    def threads(self) -> str:
        """Return the threads and where each waits, for a person."""

    def stuck(self) -> tuple[str, str]:
        """Return what keeps the calls under way from returning.

        In words, which lock is at fault, "" for none; and where the calls wait.
        """

    def state(self) -> dict[str, str]:
        """Return the plain attributes of the server's object, as text.

        Looking changes nothing: nothing of the submission's is called.
        """

    def leaked(self) -> list[str]:
        """Return the threads that go on though `kill` was called, and where."""
