"""Choosing lines of a recorded run: by server, topic, time, or from its end."""

from collections.abc import Iterator
from dataclasses import dataclass

from labrpc.clock import to_seconds
from tester.traces.rows import SCENARIO
from tester.views.folding import Fold
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
            is_fold = isinstance(line, Fold)
            until = line.until_t if isinstance(line, Fold) else line.t
            if to_seconds(until) < self.since_s or to_seconds(line.t) > self.until_s:
                continue
            if is_fold:
                if self.servers is None and self.topics is None:
                    yield number
                continue
            assert not isinstance(line, Fold)
            if self.servers is not None and line.server not in {
                SCENARIO,
                *self.servers,
            }:
                continue
            if self.topics is None or any(
                phrase.topic in self.topics for phrase in phrases(line, timeline.trace)
            ):
                yield number


def _around(found: list[int], timeline: Timeline, around_s: float) -> list[int]:
    place = sum(to_seconds(timeline.lines[n].t) < around_s for n in found)
    return found[max(place - AROUND_LINES, 0) : place + AROUND_LINES]
