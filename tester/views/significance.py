"""Which moments of a run tell its story, and which repeat what was there before.

A repeat is an RPC on the same link, with the same method, arguments and reply as the one
before, that changed nothing.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import get_args

from tester.traces import rows
from tester.traces.operations import operations
from tester.traces.reader import Trace
from tester.traces.recorder import GONE
from tester.views.moments import Moment

# What Figures 2 and 13 call a server's state, as students write it.
_STATE = re.compile(
    r"term|vote|role|state|leader|candidate|follower|log|entries|commit|appl|"
    r"next|match|snapshot|included",
    re.IGNORECASE,
)
_REAL_NUMBER = re.compile(r"-?\d+\.\d+(e[+-]?\d+)?|inf|-inf|nan")


def is_state(name: str, before: str, after: str) -> bool:
    """Return whether an attribute is part of Raft's state, and no deadline or lock."""
    return (
        _is_name_of_state(name)
        and after != GONE
        and not _REAL_NUMBER.fullmatch(after)
        and not _REAL_NUMBER.fullmatch(before)
    )


@lru_cache(1024)
def _is_name_of_state(name: str) -> bool:
    return bool(_STATE.search(name))


# A run of more lines than this is shown in outline, but for what happened last.
LINES_MAX = 600
LAST_IN_FULL = 150
# What an outline leaves out is the progress of replication.
_PROGRESS = re.compile(r"log|entries|commit|appl|next|match", re.IGNORECASE)
_OUTLINED = re.compile(r"vote|snapshot|install", re.IGNORECASE)


def significant(trace: Trace, moments: Sequence[Moment]) -> list[bool]:
    """Return for each moment whether it tells something new."""
    judge = _Judge(trace, moments)
    found = [
        changes or judge.is_new(moment)
        for moment, changes in zip(moments, judge.changing, strict=True)
    ]
    if sum(found) > LINES_MAX:
        for place, moment in enumerate(moments[:-LAST_IN_FULL]):
            found[place] = found[place] and judge.is_in_outline(moment)
    for place in _marked(trace, moments):
        found[place] = True
    return found


def place_of_fact(fact: rows.FactRow, moments: Sequence[Moment]) -> int | None:
    """Return which moment shows a fact: the last one of its server until then.

    A client that has returned from an operation may call the next one at once.
    """
    places = [
        place
        for place, moment in enumerate(moments)
        if moment.server == fact.server and moment.t <= fact.t
    ]
    returns = [
        place
        for place in places
        if moments[place].t == fact.t and any(moments[place].of(rows.Returned))
    ]
    return next(iter([*returns, *places[-1:]]), None)


def _marked(trace: Trace, moments: Sequence[Moment]) -> Iterable[int]:
    """Return the moments that must be seen: the facts of a failure, and its end.

    Of an operation that contradicts another one, its call, too.
    """
    if not moments:
        return
    yield len(moments) - 1
    calls = {one.called.n for one in operations(trace) if one.mark}
    if calls:
        for number, moment in enumerate(moments):
            if any(row.n in calls for row in moment.of(rows.Called)):
                yield number
    for fact in trace.end.facts if trace.end is not None else []:
        place = place_of_fact(fact, moments)
        if place is not None:
            yield place


_ALWAYS = frozenset([
    rows.Scenario, rows.Control, rows.Boot, rows.Applied, rows.AppliedSnapshot,
    rows.Snapshotted, rows.Reported, rows.Printed, rows.Annotated, rows.Warned, rows.Broke,
    rows.Called, rows.Returned,
])  # fmt: skip
_MESSAGES = frozenset(get_args(rows.Message))


_REMARKS = (rows.Warned, rows.Printed, rows.Annotated, rows.AppliedSnapshot)


class _Judge:
    """Knows which RPCs are repeats, and what each server saved last.

    Attributes:
        changing: for each moment, whether something changes in it.
    """

    def __init__(self, trace: Trace, moments: Sequence[Moment]) -> None:
        self._lost_at_once = {
            row.rpc
            for row in trace.rows
            if type(row) is rows.Lost and not row.reply and _is_at_once(row, trace)
        }
        self._servers = trace.header.servers
        self._saved: dict[int, str] = {}
        self._saves = {
            row.n for row in trace.rows if type(row) is rows.Saved and self._new(row)
        }
        self.changing = [self._changes_something(moment) for moment in moments]
        eventful = {
            row.rpc
            for moment, changes in zip(moments, self.changing, strict=True)
            if changes
            for row in moment.of(rows.Arrived, rows.ReplyArrived)
            if type(row) is rows.Arrived or type(row) is rows.ReplyArrived
        }
        self._repeats = _repeats(trace, eventful | self._lost_at_once)

    def is_new(self, moment: Moment) -> bool:
        """Return whether a moment in which nothing changes tells something new."""
        for row in moment.rows:
            if type(row) is rows.Sent and row.rpc in self._lost_at_once:
                continue
            if type(row) is rows.Lost or type(row) is rows.NoReply:
                continue
            if type(row) in _MESSAGES and row.rpc not in self._repeats:  # type: ignore[union-attr]
                return True
        return False

    def is_in_outline(self, moment: Moment) -> bool:
        """Return whether a moment is about more than replication as it should be."""
        if any(moment.of(rows.Control, rows.Boot, rows.Reported, rows.Broke)):
            return True
        if any(moment.of(*_REMARKS)):
            return True
        # Which server a client takes for the leader is no part of Raft's state.
        if moment.server < self._servers and any(
            is_state(k, *values) and not _PROGRESS.search(k)
            for k, values in moment.changes.items()
        ):
            return True
        return any(
            _OUTLINED.search(row.method)
            and row.rpc not in self._lost_at_once
            and row.rpc not in self._repeats
            for row in moment.rows
            if type(row) is rows.Sent
            or type(row) is rows.Arrived
            or type(row) is rows.ReplyArrived
        )

    def _changes_something(self, moment: Moment) -> bool:
        return (
            not _ALWAYS.isdisjoint(map(type, moment.rows))
            or any(row.n in self._saves for row in moment.of(rows.Saved))
            or any(p.leads for p in moment.rows if type(p) is rows.Proposed)
            or any(is_state(k, *values) for k, values in moment.changes.items())
        )

    def _new(self, row: rows.Saved) -> bool:
        before = self._saved.get(row.server)
        self._saved[row.server] = row.digest
        return row.digest != before


def _is_at_once(row: rows.Lost, trace: Trace) -> bool:
    sent = trace.sent.get(row.rpc)
    return sent is not None and sent.t == row.t


def _repeats(trace: Trace, eventful: set[int]) -> set[int]:
    """Return the RPCs that are like the one before them on their link."""
    repeats = set()
    latest: dict[tuple[int, int, str], tuple[object, object]] = {}
    for rpc, sent in trace.sent.items():
        replied = trace.replied.get((rpc, False))
        link = sent.server, sent.peer, sent.method
        content = (sent.size, sent.body), replied and (replied.size, replied.body)
        # Of one whose reply is missing, only the request can be compared.
        before = latest.get(link)
        alike = before is not None and (
            before == content or (content[1] is None and before[0] == content[0])
        )
        if alike and rpc not in eventful:
            repeats.add(rpc)
        elif content[1] is not None or before is None:
            latest[link] = content
    return repeats
