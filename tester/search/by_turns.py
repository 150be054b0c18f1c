"""Explorations one after another, those that turn out large side by side."""

from collections import deque
from collections.abc import Iterator
from itertools import islice

from tester.search.budget import Limits
from tester.search.exhaustive import Exploration, Found

TURN_STATES = 250
# An exploration that has found this many states lets the next one begin beside it.
LARGE_STATES = 8_000


class ByTurns:
    """Explorations one after another, those that turn out large side by side.

    One without end would otherwise keep those after it from ever beginning.
    """

    def __init__(self, explorations: Iterator[Exploration]) -> None:
        self._rest = explorations
        self._open: deque[Exploration] = deque()
        self.found: Found | None = None
        self.complete: list[Exploration] = []

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails, nothing is left, or the limits are reached."""
        while self.found is None and not limits.reached:
            if all(one.states >= LARGE_STATES for one in self._open):
                self._open.extend(islice(self._rest, 1))
            if not self._open:
                return
            exploration = self._open.popleft()
            exploration.advance(limits.turn(TURN_STATES))
            self.found = exploration.found
            if exploration.complete:
                self.complete.append(exploration)
            else:
                self._open.append(exploration)
