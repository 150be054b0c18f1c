"""Choosing lines of a recorded run: by server, topic, time, or from its end."""

from collections.abc import Iterator
from dataclasses import dataclass

from labrpc.clock import to_seconds
from tester.traces.reader import Trace
from tester.traces.rows import SCENARIO
from tester.views.folding import Fold, Shown
from tester.views.phrases import phrases
from tester.views.timeline import Timeline

AROUND_LINES = 20


@dataclass(frozen=True)
class Selection:
    """Which lines are wanted.

    Attributes:
        servers: only these, and the scenario; None for all.
        topics: only what is about these; None for all.
        since_s: leave out what ended before, in virtual seconds.
        until_s: leave out what began after.
        around_s: only some lines before and after this time, None for all.
        last: how many at the end, None for all.
    """

    servers: frozenset[int] | None = None
    topics: frozenset[str] | None = None
    since_s: float = 0.0
    until_s: float = float("inf")
    around_s: float | None = None
    last: int | None = None

    def of(self, timeline: Timeline) -> list[int]:
        """Return the numbers of the lines that are wanted."""
        found = list(self._matching(timeline))
        if self.around_s is not None:
            found = _around(found, timeline, self.around_s)
        return found[-self.last :] if self.last is not None else found

    def _matching(self, timeline: Timeline) -> Iterator[int]:
        for number, line in enumerate(timeline.lines):
            begin_s, end_s = to_seconds(line.t), to_seconds(line.until_t)
            in_time = end_s >= self.since_s and begin_s <= self.until_s
            if in_time and self._is_wanted(line, timeline.trace):
                yield number

    def _is_wanted(self, line: Shown, trace: Trace) -> bool:
        """Return whether a line is of a server and about a topic that are wanted."""
        if isinstance(line, Fold):
            return self.servers is None and self.topics is None
        if self.servers is not None and line.server not in {SCENARIO, *self.servers}:
            return False
        if self.topics is None:
            return True
        return any(phrase.topic in self.topics for phrase in phrases(line, trace))


def _around(found: list[int], timeline: Timeline, around_s: float) -> list[int]:
    place = sum(to_seconds(timeline.lines[n].t) < around_s for n in found)
    return found[max(place - AROUND_LINES, 0) : place + AROUND_LINES]
