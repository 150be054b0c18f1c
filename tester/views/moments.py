"""Moments: what happened at one place at one time, as one thing to look at.

A step of a server is one moment, with the message that caused it. So are the scenario's
actions up to the next event. A loss belongs to the moment at which the message was sent,
if the network lost it at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tester.traces.reader import Trace
from tester.traces.rows import (
    SCENARIO,
    AnyRow,
    Boot,
    Changed,
    Lost,
    Reported,
    Row,
    Scenario,
)


@dataclass
class Moment:
    """What happened at one place at one time.

    Attributes:
        server: where, -1 for the scenario.
        t: virtual nanoseconds.
        rows: what happened, in order.
        changes: the attributes that changed, each with its value before and after;
            before is "" for a new one.
    """

    server: int
    t: int
    rows: list[AnyRow] = field(default_factory=list)
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def until_t(self) -> int:
        """When it ends, which is when it begins."""
        return self.t

    def of(self, *kinds: type[Row]) -> Iterator[AnyRow]:
        """Yield the rows of some kinds."""
        return (row for row in self.rows if type(row) in kinds)

    @property
    def boots(self) -> bool:
        """Whether an incarnation begins."""
        return any(self.of(Boot))


def moments(trace: Trace) -> list[Moment]:
    """Return the moments of a run, in the order in which they began."""
    grouping = _Grouping()
    for row in trace.rows:
        grouping.add(row)
    return grouping.moments


class _Grouping:
    """Puts each row into the moment to which it belongs."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self._of_row: dict[int, Moment] = {}
        self._of_step: dict[int, Moment] = {}
        self._states: dict[int, dict[str, str]] = {}

    def add(self, row: AnyRow) -> None:
        """Put a row into its moment, which may be a new one."""
        moment = self._moment_of(row)
        if moment is None:
            moment = Moment(row.server, row.t)
            self.moments.append(moment)
        moment.rows.append(row)
        self._of_row[row.n] = moment
        if row.step:
            self._of_step[row.step] = moment
        if type(row) is Boot:
            self._states[row.server] = {}
        elif type(row) is Changed:
            state = self._states.setdefault(row.server, {})
            for name, value in row.fields.items():
                moment.changes[name] = state.get(name, ""), value
            state.update(row.fields)

    def _moment_of(self, row: AnyRow) -> Moment | None:
        if row.server == SCENARIO:
            together = self._follows(row) and type(row) is not Scenario
            return self.moments[-1] if together else None
        if row.step in self._of_step:
            return self._of_step[row.step]
        if type(row) is Reported and self._follows(row):
            # The lab asks a server for its state after a step that changed it.
            return self.moments[-1]
        cause = self._of_row.get(row.cause)
        if cause is None or cause.t != row.t:
            return None
        if type(row) is Lost:
            return cause
        # A paused server takes the step later.
        return cause if cause.server == row.server and row.step else None

    def _follows(self, row: Row) -> bool:
        last = self.moments[-1] if self.moments else None
        return last is not None and (last.server, last.t) == (row.server, row.t)
