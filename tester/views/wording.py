"""A row of a trace in words.

▶ is a request that leaves, ◀ one that arrives, ▷ a reply that leaves, ◁ one that arrives,
✗ a message that is lost.
"""

from functools import singledispatch
from typing import Any

from labrpc.clock import to_seconds
from tester.text import cut
from tester.traces import rows, values
from tester.traces.operations import call_text
from tester.traces.reader import Trace
from tester.traces.rows import AnyRow
from tester.traces.values import on_one_line

FIELD_CHARS_MAX = 80


def when(t: int) -> str:
    """Return a time as text."""
    return f"{to_seconds(t):.6f} s"


def row_line(row: AnyRow, trace: Trace) -> str:
    """Return what a row says, with its time and server."""
    where = trace.header.lane(row.server)
    return f"{when(row.t):>13}  {where:8}  {row_text(row, trace)}"


def row_text(row: AnyRow, trace: Trace) -> str:
    """Return what a row says, without its time and server, on one line."""
    return on_one_line(_text(row, trace))


@singledispatch
def _text(row: Any, trace: Trace) -> str:
    raise TypeError(type(row).__name__)


# The scenario.


@_text.register
def _scenario(row: rows.Scenario, trace: Trace) -> str:
    return f"line {row.line}: {row.text}"


@_text.register
def _control(row: rows.Control, trace: Trace) -> str:
    return " ".join(map(str, [row.verb, *row.args]))


# A server's life.


@_text.register
def _boot(row: rows.Boot, trace: Trace) -> str:
    saved = _saved_text(row.raft_state, row.snapshot)
    return f"starts (incarnation {row.incarnation}), with {saved} on its disk"


@_text.register
def _changed(row: rows.Changed, trace: Trace) -> str:
    return ", ".join(
        f"{name}={cut(value, FIELD_CHARS_MAX)}" for name, value in row.fields.items()
    )


@_text.register
def _reported(row: rows.Reported, trace: Trace) -> str:
    return f"says that it {'leads' if row.leads else 'is in'} term {row.term}"


@_text.register
def _proposed(row: rows.Proposed, trace: Trace) -> str:
    call = f"start({values.text(row.command, FIELD_CHARS_MAX)})"
    if not row.leads:
        return f"{call} refused: not the leader, term {row.term}"
    return f"{call} returns index {row.index}, term {row.term}"


@_text.register
def _snapshotted(row: rows.Snapshotted, trace: Trace) -> str:
    return f"is given a snapshot up to index {row.index}: {row.bytes} bytes"


@_text.register
def _applied(row: rows.Applied, trace: Trace) -> str:
    command = values.text(row.command, FIELD_CHARS_MAX)
    return f"applies index {values.text(row.index)}: {command}"


@_text.register
def _applied_snapshot(row: rows.AppliedSnapshot, trace: Trace) -> str:
    return f"applies a snapshot up to index {values.text(row.index)}: {row.bytes} bytes"


@_text.register
def _saved(row: rows.Saved, trace: Trace) -> str:
    return f"saves {_saved_text(row.raft_state, row.snapshot)}"


@_text.register
def _printed(row: rows.Printed, trace: Trace) -> str:
    return f"prints {row.line}"


@_text.register
def _annotated(row: rows.Annotated, trace: Trace) -> str:
    return f"\N{LOWER RIGHT PENCIL} {row.text}"


@_text.register
def _warned(row: rows.Warned, trace: Trace) -> str:
    return f"is odd: {row.text}"


@_text.register
def _broke(row: rows.Broke, trace: Trace) -> str:
    return f"breaks: {row.headline}"


# Operations.


@_text.register
def _operation_called(row: rows.Called, trace: Trace) -> str:
    return f"{call_text(row)} is called"


@_text.register
def _operation_returned(row: rows.Returned, trace: Trace) -> str:
    called = trace.called.get(row.operation)
    if called is None:
        return f"{row.method} returns {values.text(row.value)}"
    took = to_seconds(row.t - called.t)
    return f"{call_text(called)} returns {values.text(row.value)} after {took:.3f} s"


# Messages.


@_text.register
def _sent(row: rows.Sent, trace: Trace) -> str:
    return (
        f"▶ {trace.header.peer(row.peer)}  {row.method}({values.fields_text(row.body)})"
    )


@_text.register
def _arrived(row: rows.Arrived, trace: Trace) -> str:
    sent = trace.sent.get(row.rpc)
    body = values.fields_text(sent.body) if sent is not None else "…"
    return arrived_text(row, body, trace)


@_text.register
def _replied(row: rows.Replied, trace: Trace) -> str:
    return f"▷ {trace.header.peer(row.peer)}  {row.method} → {values.fields_text(row.body)}"


@_text.register
def _reply_arrived(row: rows.ReplyArrived, trace: Trace) -> str:
    replied = trace.replied.get((row.rpc, row.copy))
    body = values.fields_text(replied.body) if replied is not None else "…"
    return f"◁ {trace.header.peer(row.peer)}  {row.method} → {body}{_of_copy(row.copy)}"


@_text.register
def _lost(row: rows.Lost, trace: Trace) -> str:
    what = "reply" if row.reply else "request"
    why = "" if row.why == f"{what} lost" else f": {row.why}"
    peer = trace.header.peer(row.peer)
    return f"✗ {row.method} {what} from {peer} lost{why}{_of_copy(row.copy)}"


@_text.register
def _no_reply(row: rows.NoReply, trace: Trace) -> str:
    return f"✗ {trace.header.peer(row.peer)}  {row.method} returns None: no reply"


def arrived_text(row: rows.Arrived, body: str, trace: Trace) -> str:
    """Return that a request arrives, with its body as text."""
    return f"◀ {trace.header.peer(row.peer)}  {row.method}({body}){_of_copy(row.copy)}"


def _of_copy(copy: bool) -> str:
    return " (a copy)" if copy else ""


def _saved_text(raft_state: int, snapshot: int) -> str:
    """Return how much a disk holds."""
    text = f"{raft_state} bytes"
    return text + (f" and a snapshot of {snapshot}" if snapshot else "")
