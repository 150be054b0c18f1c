"""A moment as a few phrases, each about one thing, for terminals and pages.

Shorter than the rows: the same message to several servers is one phrase, of a server's
attributes only those of Raft's state are named, and a loss stands beside its message.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tester.text import cut
from tester.traces import rows, values
from tester.traces.reader import Trace
from tester.traces.values import on_one_line
from tester.views.moments import Moment
from tester.views.significance import is_state
from tester.views.wording import FIELD_CHARS_MAX, arrived_text, row_text

ELECTIONS, REPLICATION, SNAPSHOTS = "elections", "replication", "snapshots"
OPERATIONS = "operations"
LOST, PRINTS, ANNOTATIONS = "lost", "prints", "annotations"
SCENARIO, OTHER = "scenario", "other"
TOPICS = (
    ELECTIONS, REPLICATION, SNAPSHOTS, OPERATIONS, LOST, PRINTS, ANNOTATIONS, SCENARIO,
    OTHER,
)  # fmt: skip
"""What a phrase may be about: the filters of a view."""

VALUE_CHARS_MAX = 48
_ABOUT_SNAPSHOTS = re.compile(r"snapshot|install|included", re.IGNORECASE)
_ABOUT_ELECTIONS = re.compile(
    r"vote|term|role|state|leader|candidate|follower|elect", re.IGNORECASE
)


@dataclass(frozen=True)
class Phrase:
    """One thing that a moment says.

    Attributes:
        topic: what it is about.
        text: what it says.
        n: the row that it stands for, or the first of them.
        rpcs: the messages that it is about.
    """

    topic: str
    text: str
    n: int
    rpcs: tuple[int, ...] = ()


def phrases(moment: Moment, trace: Trace) -> list[Phrase]:
    """Return what a moment says."""
    said = list(_Speaker(moment, trace).phrases())
    return said or [_of_row(moment.rows[0], trace, OTHER)]


def topic_of_method(method: str) -> str:
    """Return what a message is about, by the name of its method."""
    if _ABOUT_SNAPSHOTS.search(method):
        return SNAPSHOTS
    return ELECTIONS if _ABOUT_ELECTIONS.search(method) else REPLICATION


class _Speaker:
    """Puts one moment into phrases."""

    def __init__(self, moment: Moment, trace: Trace) -> None:
        self._moment = moment
        self._trace = trace
        # Losses beside their messages: (rpc, is it the reply) to the reason.
        self._lost = {
            (row.rpc, row.reply): row for row in moment.rows if type(row) is rows.Lost
        }

    def phrases(self) -> Iterator[Phrase]:
        """Yield each phrase, in order."""
        seen: set[object] = set()
        for row in self._moment.rows:
            key = self._said_with(row)
            if key in seen:
                continue
            seen.add(key)
            yield from self._phrases_of(row)

    def _said_with(self, row: rows.AnyRow) -> object:
        """Return a key that rows said in one phrase have in common."""
        if type(row) is rows.Sent:
            return row.method, str(row.body)
        if type(row) is rows.Saved:
            return rows.Saved
        if type(row) is rows.Proposed and not row.leads:
            return rows.Proposed, str(row.command)
        return row.n

    def _phrases_of(self, row: rows.AnyRow) -> Iterator[Phrase]:
        trace = self._trace
        if type(row) is rows.Changed:
            yield from self._changes(row)
        elif type(row) is rows.Sent:
            yield self._sent(row)
        elif type(row) is rows.Replied:
            lost = self._lost.get((row.rpc, True))
            text = row_text(row, trace) + (f" ✗ {lost.why}" if lost else "")
            yield Phrase(topic_of_method(row.method), text, row.n, (row.rpc,))
        elif type(row) is rows.Lost:
            if row.t != self._sent_t(row):
                yield Phrase(LOST, row_text(row, trace), row.n, (row.rpc,))
        elif type(row) is rows.Reported:
            if row.leads or not self._names_the_term():
                yield _of_row(row, trace, ELECTIONS)
        elif type(row) is rows.Saved:
            last = [r for r in self._moment.rows if type(r) is rows.Saved][-1]
            yield _of_row(last, trace, OTHER)
        elif (
            type(row) is rows.Arrived
            or type(row) is rows.ReplyArrived
            or type(row) is rows.NoReply
        ):
            yield self._arrived(row)
        else:
            yield _of_row(row, trace, _TOPICS.get(type(row), OTHER))

    def _changes(self, row: rows.Changed) -> Iterator[Phrase]:
        """Yield which parts of Raft's state changed; all are new to a new server."""
        if self._moment.boots and row.incarnation == 1:
            return
        for about_elections, topic in ((True, ELECTIONS), (False, REPLICATION)):
            changed = [
                _change_text(name, *self._moment.changes[name])
                for name, after in row.fields.items()
                if is_state(name, self._moment.changes[name][0], after)
                and bool(_ABOUT_ELECTIONS.search(_last(name))) is about_elections
            ]
            if changed:
                yield Phrase(topic, on_one_line(", ".join(changed)), row.n)

    def _names_the_term(self) -> bool:
        return any("term" in name.lower() for name in self._moment.changes)

    def _sent(self, row: rows.Sent) -> Phrase:
        alike = [
            other
            for other in self._moment.rows
            if type(other) is rows.Sent
            and self._said_with(other) == self._said_with(row)
        ]
        peers = ", ".join(str(other.peer) for other in alike)
        text = f"▶ {peers}  {row.method}({values.brief_fields_text(row.body)})"
        lost: dict[str, list[str]] = {}
        for other in alike:
            found = self._lost.get((other.rpc, False))
            if found is not None:
                lost.setdefault(found.why, []).append(str(other.peer))
        for why, gone in lost.items():
            text += f" ✗ {why}" + (
                "" if len(gone) == len(alike) else f": {', '.join(gone)}"
            )
        rpcs = tuple(other.rpc for other in alike)
        return Phrase(topic_of_method(row.method), on_one_line(text), row.n, rpcs)

    def _arrived(self, row: rows.Arrived | rows.ReplyArrived | rows.NoReply) -> Phrase:
        topic, text = topic_of_method(row.method), row_text(row, self._trace)
        if type(row) is rows.NoReply:
            topic = LOST
        elif type(row) is rows.Arrived and row.rpc in self._trace.sent:
            body = values.brief_fields_text(self._trace.sent[row.rpc].body)
            text = on_one_line(arrived_text(row, body, self._trace))
        return Phrase(topic, text, row.n, (row.rpc,))

    def _sent_t(self, row: rows.Lost) -> int:
        message: rows.Sent | rows.Replied | None = self._trace.sent.get(row.rpc)
        if row.reply:
            message = self._trace.replied.get((row.rpc, row.copy))
        return message.t if message is not None else -1


_TOPICS: dict[type[rows.Row], str] = {
    rows.Scenario: SCENARIO,
    rows.Control: SCENARIO,
    rows.Proposed: REPLICATION,
    rows.Applied: REPLICATION,
    rows.Snapshotted: SNAPSHOTS,
    rows.AppliedSnapshot: SNAPSHOTS,
    rows.Printed: PRINTS,
    rows.Annotated: ANNOTATIONS,
    rows.Called: OPERATIONS,
    rows.Returned: OPERATIONS,
}


def _of_row(row: rows.AnyRow, trace: Trace, topic: str) -> Phrase:
    return Phrase(topic, row_text(row, trace), row.n)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _change_text(name: str, before: str, after: str) -> str:
    """Return how an attribute changed; of a list, what it is now."""
    after = cut(after, FIELD_CHARS_MAX)
    if not before or before[:1] in "[{(" or len(before) > VALUE_CHARS_MAX:
        return f"{name}={after}"
    return f"{name} {before}→{after}"
