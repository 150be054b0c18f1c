"""Explanations of what a server's log holds beside its snapshot."""

from collections.abc import Iterator

from tester.explain.exchanges import APPEND_ENTRIES, Rpc
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact
from tester.traces import values
from tester.traces.rows import AnyRow, Applied, Proposed, Snapshotted


def shifted_after_snapshot(history: History) -> Iterator[Explanation]:
    """Find a command that a server got for one index and applied at the next or the last.

    Only where a snapshot of it came in between, and it has not been sent the command for the
    index at which it applies it: else it did as its leader said.
    """
    if not history.appends_are_readable or history.has_other_methods:
        return
    placed: dict[str, Proposed] = {}
    took: dict[int, Snapshotted] = {}
    for row in history.rows_of(Proposed, Snapshotted, Applied):
        if type(row) is Snapshotted:
            took[row.server] = row
        elif type(row) is Proposed and row.leads:
            command = repr(row.command)
            if history.times_started[command] == 1:
                placed[command] = row
        elif type(row) is Applied and type(row.index) is int and row.server in took:
            start = placed.get(repr(row.command))
            if start is not None and abs(start.index - row.index) == 1:
                found = _shifted(history, row, start, took[row.server])
                if found is not None:
                    yield found
                    return


def _shifted(
    history: History, row: Applied, start: Proposed, took: Snapshotted
) -> Explanation | None:
    """Return that a server's log has moved under a snapshot, None if that is not proven."""
    got: AnyRow | None = start if start.server == row.server else None
    was_sent = False
    for rpc in history.calls(APPEND_ENTRIES):
        if rpc.sent.n > row.n:
            break
        if _may_bring(rpc, row, took):
            return None
        there = rpc.entries_by_index.get(start.index)
        if there is not None and there.command == row.command:
            was_sent = True
            if rpc.dst == row.server and rpc.result("success") is True:
                got = got or rpc.replied
    if not was_sent or got is None or not got.n < took.n < row.n:
        return None
    command = values.text(row.command, 40)
    did = "start returns" if got is start else "acknowledges"
    return Explanation(
        "shifted-after-snapshot",
        f"server {row.server} applied {command} at index {row.index}; it had got it for "
        f"index {start.index} alone, and snapshot({took.index}) came in between",
        (
            fact(got, f"{did} index {start.index}, with {command}"),
            fact(took, f"snapshot({took.index}) is called"),
            fact(row, f"applies it at index {row.index}"),
        ),
    )


def _may_bring(rpc: Rpc, row: Applied, took: Snapshotted) -> bool:
    """Return whether a server may have a command at an index for another reason.

    It was sent it, or had it there before its snapshot, and sent it. In its first life it
    cannot have lost what a call of `start` that did not return had appended.
    """
    own = rpc.src == row.server and (rpc.sent.n < took.n or row.incarnation > 1)
    if not own and rpc.dst != row.server:
        return False
    prev, count = rpc.arg("prev_log_index") or 0, rpc.entries_count or 0
    index: int = row.index
    entry = rpc.entries_by_index.get(index)
    if entry is None:
        return prev < index <= prev + count
    return repr(entry.command) == repr(row.command)
