"""The servers' logs at the end of a run, as far as the trace shows them.

From accepted proposals, from successful AppendEntries calls whose fields have the names of
Figure 2, and from what was applied.
"""

from dataclasses import dataclass, field

from tester.text import cut
from tester.traces import rows, values
from tester.traces.reader import Trace
from tester.traces.values import Value

COLUMNS_MAX = 16
COMMAND_CHARS_MAX = 14
# A service's entry is an operation with an id, which is long and says little.
OPERATION_CHARS_MAX = 40
PART_CHARS_MAX = 7


@dataclass(frozen=True)
class LogEntry:
    """An entry: the term in which it was received, -1 if that is not known."""

    term: int
    command: str


@dataclass
class ServerLog:
    """What a server's log holds.

    Attributes:
        entries: by index.
        snapshot: the index up to which a snapshot has replaced them.
        applied: the last index that was applied.
    """

    entries: dict[int, LogEntry] = field(default_factory=dict)
    snapshot: int = 0
    applied: int = 0

    def put(self, index: int, entry: LogEntry) -> None:
        """Put an entry at an index; a conflict removes what follows (section 5.3)."""
        before = self.entries.get(index)
        terms = {entry.term, before.term if before is not None else entry.term}
        if len(terms) == 2 and -1 not in terms:
            self.cut_off(index)
        if before is None or entry.term != -1:
            self.entries[index] = entry

    def cut_off(self, index: int) -> None:
        """Remove the entries from an index on."""
        self.entries = {i: entry for i, entry in self.entries.items() if i < index}


def final_logs(trace: Trace) -> list[ServerLog]:
    """Return each server's log at the end."""
    logs = [ServerLog() for _ in range(trace.header.servers)]
    for row in trace.rows:
        if 0 <= row.server < len(logs):
            _follow(row, logs[row.server], trace)
    return logs


def columns(logs: list[ServerLog]) -> list[int]:
    """Return the last indices at which some server has an entry."""
    known = sorted({index for log in logs for index in log.entries})
    return known[-COLUMNS_MAX:]


def _follow(row: rows.AnyRow, log: ServerLog, trace: Trace) -> None:
    if type(row) is rows.Boot:
        log.applied = log.snapshot
    elif type(row) is rows.Proposed and row.leads:
        log.cut_off(row.index)
        log.put(row.index, LogEntry(row.term, _command(row.command)))
    elif type(row) is rows.Applied and type(row.index) is int:
        log.entries.setdefault(row.index, LogEntry(-1, _command(row.command)))
        log.applied = row.index
    elif type(row) is rows.AppliedSnapshot or type(row) is rows.Snapshotted:
        if type(row.index) is int:
            log.snapshot = max(log.snapshot, row.index)
            log.entries = {i: e for i, e in log.entries.items() if i > row.index}
            log.applied = max(log.applied, row.index)
    elif type(row) is rows.Replied:
        sent = trace.sent.get(row.rpc)
        if sent is not None and values.field(row.body, "success") is True:
            _append(sent.body, log)


def _append(body: Value, log: ServerLog) -> None:
    """Take in the entries of an AppendEntries call that succeeded."""
    previous = values.number(body, "prev_log_index")
    entries = values.field(body, "entries")
    count = values.length(entries)
    if previous is None or count is None:
        return
    kept = values.items(entries)
    first = len(kept) if len(kept) == count else len(entries["first"])
    places = [*range(first), *range(count - (len(kept) - first), count)]
    for place, entry in zip(places, kept, strict=True):
        index = previous + 1 + place
        if index > log.snapshot:
            log.put(index, _entry(entry))


def _entry(entry: Value) -> LogEntry:
    """Return an entry: an object with term and command, or a pair of them."""
    term, command = values.number(entry, "term"), values.field(entry, "command")
    if term is None and isinstance(entry, list) and len(entry) == 2:
        found, command = entry
        term = found if type(found) is int else None
    return LogEntry(-1 if term is None else term, _command(command))


def _command(command: Value) -> str:
    if isinstance(command, list):
        return values.text(_with_short_parts(command), OPERATION_CHARS_MAX)
    return values.text(command, COMMAND_CHARS_MAX)


def _with_short_parts(value: Value) -> Value:
    """Return a value whose texts are cut."""
    if isinstance(value, list):
        return [_with_short_parts(part) for part in value]
    return cut(value, PART_CHARS_MAX) if isinstance(value, str) else value
