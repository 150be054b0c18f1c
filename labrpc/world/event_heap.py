"""Virtual time, and the heap of what is to happen at which moment of it.

Equal times are ordered by a seeded tie-break, so that which of two events at one
instant comes first depends on the seed and on nothing else.
"""

from collections.abc import Callable
from heapq import heappush
from typing import Any

from labrpc.world.events import Event
from labrpc.world.streams import stream


class EventHeap:
    """The events to come: of incarnations, and calls of the lab's own.

    Args:
        seed: text from which the tie-break is derived.

    Attributes:
        now_ns: the virtual time.
        ties: decides the order of what happens at one instant.
    """

    def __init__(self, seed: str) -> None:
        self.now_ns = 0
        # Time, tie-break, number, incarnation (None for a call), event or callback.
        self._heap: list[tuple[int, float, int, Any, Any]] = []
        self._serial = 0
        self.ties = stream(seed, "ties")
        self._tie = self.ties.random

    @property
    def next_event_ns(self) -> int | None:
        """Return when the next thing happens, None if nothing is to come."""
        return self._heap[0][0] if self._heap else None

    def post(self, delay_ns: int, host: Any, event: Event) -> int:
        """Deliver an event to an incarnation after a delay, if it is up by then.

        Returns the event's number.
        """
        self._serial = serial = self._serial + 1
        heappush(self._heap, (self.now_ns + delay_ns, self._tie(), serial, host, event))
        return serial

    def after(self, delay_ns: int, callback: Callable[[], None]) -> None:
        """Call `callback` after a delay."""
        self._serial = serial = self._serial + 1
        at_ns = self.now_ns + delay_ns
        heappush(self._heap, (at_ns, self._tie(), serial, None, callback))
