"""What the oracles need of a world, whether a heap or a list of choices drives it."""

from collections.abc import Sequence
from typing import Protocol

from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation


class WatchedWorld(Protocol):
    """A world whose servers are judged.

    Attributes:
        now_ns: the virtual time.
        steps: how often a box has been stepped.
        server_count: how many of the boxes are servers; the others are their clients.
        saved_at_step: the number of the step in which each server last wrote its
            disk, 0 if it never did.
    """

    now_ns: int
    steps: int
    server_count: int
    saved_at_step: list[int]

    @property
    def hosts(self) -> Sequence[Incarnation | None]:
        """The incarnation of each server that is up, and then of each client."""

    def save_began_ns(self, server: int) -> int:
        """Return when a save began, if it is one of this server's and ends now."""

    def observe(self, observer: Observer) -> None:
        """Call an observer's methods from now on."""
