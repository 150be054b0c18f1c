"""Explanations of what was not saved, or not in one piece."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from tester.explain.exchanges import APPEND_ENTRIES, INSTALL_SNAPSHOT, Rpc
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact, reply_number
from tester.text import servers_named
from tester.traces.rows import (
    Applied,
    AppliedSnapshot,
    Boot,
    Control,
    Proposed,
    Replied,
    Saved,
    Snapshotted,
)


def saved_nothing(history: History) -> Iterator[Explanation]:
    """Find servers that gave votes or took entries and never wrote their disks."""
    first: dict[int, Replied] = {}
    for rpc in [*history.votes, *_accepted(history)]:
        assert rpc.replied is not None
        if not history.saves[rpc.dst]:
            first.setdefault(rpc.dst, rpc.replied)
    if not first:
        return
    yield Explanation(
        "saved-nothing",
        f"{servers_named(sorted(first))} answered RPCs that change what is to be saved, "
        "and never called persister.save",
        tuple(
            fact(row, f"answers {row.method} of server {row.peer}")
            for _, row in sorted(first.items())
        ),
    )


def _accepted(history: History) -> list[Rpc]:
    """Return the AppendEntries with entries that were accepted."""
    return [
        rpc
        for rpc in history.calls(APPEND_ENTRIES)
        if rpc.result("success") is True and rpc.entries_count
    ]


def accepted_without_saving(history: History) -> Iterator[Explanation]:
    """Find new entries that a server acknowledged though it had saved nothing."""
    if not history.appends_are_readable:
        return
    had = _highest_had(history)
    acknowledged: dict[int, int] = defaultdict(int)
    for rpc in sorted(_accepted(history), key=reply_number):
        prev, count = rpc.arg("prev_log_index"), rpc.entries_count
        if prev is None or count is None or rpc.arrived is None:
            continue
        assert rpc.replied is not None
        last = prev + count
        rows = had[rpc.dst]
        place = bisect_left(rows, (rpc.arrived.n, 0))
        before = rows[place - 1][1] if place else 0
        new = last > max(before, acknowledged[rpc.dst])
        acknowledged[rpc.dst] = max(acknowledged[rpc.dst], last)
        saved = history.saved_between(rpc.dst, rpc.arrived.n, rpc.replied.n)
        if new and not saved and history.saves[rpc.dst]:
            yield Explanation(
                "accepted-without-saving",
                f"server {rpc.dst} acknowledged entries up to index {last}, which it had "
                "not had before, and saved nothing between the request and its answer",
                (fact(rpc.replied, f"acknowledges index {last}, unsaved"),),
            )
            return


def _highest_had(history: History) -> dict[int, list[tuple[int, int]]]:
    """Return up to which index each server had a log of its own, or a snapshot, and when.

    Not what leaders have sent it. Each is a row's number and an index, which never falls.
    """
    had: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for server, snapshots in history.snapshots.items():
        had[server] += [(row.n, index) for row, index in snapshots]
    for row in history.rows_of(Proposed):
        if type(row) is Proposed and row.leads:
            had[row.server].append((row.n, row.index))
    # A server that crashed between saving and answering has its entries all the same.
    saved = {save.cause for saves in history.saves.values() for save in saves}
    for rpc in history.calls(APPEND_ENTRIES):
        prev, count, arrived = rpc.arg("prev_log_index"), rpc.entries_count, rpc.arrived
        if prev is None or not count or arrived is None or rpc.replied is not None:
            continue
        if arrived.n in saved:
            had[rpc.dst].append((arrived.n, prev + count))
    for rows in had.values():
        rows.sort()
        highest = accumulate((index for _, index in rows), max)
        rows[:] = [(n, index) for (n, _), index in zip(rows, highest, strict=True)]
    return had


def installed_without_saving(history: History) -> Iterator[Explanation]:
    """Find a snapshot that a server installed and acknowledged without saving it."""
    installed = {
        row.cause: row
        for row in history.rows_of(AppliedSnapshot)
        if type(row) is AppliedSnapshot
    }
    for rpc in history.calls(INSTALL_SNAPSHOT):
        if rpc.replied is None or rpc.arrived is None:
            continue
        applied = installed.get(rpc.arrived.n)
        if applied is None:
            continue
        until_n = max(applied.n, rpc.replied.n)
        if not history.saved_between(rpc.dst, rpc.arrived.n, until_n):
            yield Explanation(
                "installed-without-saving",
                f"server {rpc.dst} installed the snapshot of index {applied.index} and "
                "saved nothing between the request and its answer",
                (fact(rpc.replied, "acknowledges the snapshot, unsaved"),),
            )
            return


def crashed_between_saves(history: History) -> Iterator[Explanation]:
    """Find a crash in snapshot(), when the log had been saved and the snapshot had not."""
    called: dict[int, Snapshotted] = {}
    before: dict[int, Saved] = {}
    last: dict[int, Saved] = {}
    for row in history.rows_of(Snapshotted, Saved, Control):
        if type(row) is Snapshotted:
            called[row.server] = row
        elif type(row) is Saved:
            if row.server in last:
                before[row.server] = last[row.server]
            last[row.server] = row
        elif type(row) is Control and row.verb == "crash" and row.args:
            server = row.args[0]
            save, call = last.get(server), called.get(server)
            if save is None or call is None or server not in before:
                continue
            torn = save.snapshot == before[server].snapshot != call.bytes
            if save.step == call.step and save.t == row.t and torn:
                yield Explanation(
                    "crashed-between-saves",
                    f"server {server} crashed in snapshot({call.index}): it had saved "
                    f"its log, and not yet the snapshot of {call.bytes} bytes",
                    (
                        fact(call, f"snapshot({call.index}) is called"),
                        fact(
                            save, f"saves, with the snapshot of {save.snapshot} bytes"
                        ),
                    ),
                )
                return


def applied_below_snapshot(history: History) -> Iterator[Explanation]:
    """Find a server that restarted with a snapshot and applied what was in it.

    A snapshot counts from when it is saved: a crash may come before.
    """
    taken: dict[int, Snapshotted | AppliedSnapshot] = {}
    saved: dict[int, int] = {}
    boundary: dict[int, tuple[Boot, int]] = {}
    for row in history.rows_of(Snapshotted, AppliedSnapshot, Saved, Boot, Applied):
        if isinstance(row, Snapshotted | AppliedSnapshot) and type(row.index) is int:
            taken[row.server] = row
        elif type(row) is Saved:
            last = taken.get(row.server)
            if last is not None and last.bytes == row.snapshot:
                saved[row.server] = last.index
        elif type(row) is Boot:
            taken.pop(row.server, None)
            boundary.pop(row.server, None)
            if row.snapshot and row.server in saved:
                boundary[row.server] = (row, saved[row.server])
        elif type(row) is Applied and row.server in boundary:
            boot, index = boundary[row.server]
            if type(row.index) is int and row.index <= index:
                yield Explanation(
                    "applied-below-snapshot",
                    f"server {row.server} restarted with a snapshot of index {index}, and "
                    f"applied index {row.index}",
                    (
                        fact(boot, f"restarts with a snapshot of index {index}"),
                        fact(row, f"applies index {row.index}"),
                    ),
                )
                return


def shifted_after_snapshot(history: History) -> Iterator[Explanation]:
    """Find a command that a server applied an index lower than others, after snapshot()."""
    where: dict[str, dict[int, int]] = defaultdict(dict)
    snapshotted: dict[int, Snapshotted] = {}
    for row in history.rows_of(Snapshotted, Applied):
        if type(row) is Snapshotted:
            snapshotted[row.server] = row
        elif (
            type(row) is Applied
            and type(row.index) is int
            and history.times_started[repr(row.command)] == 1
        ):
            others = where[repr(row.command)]
            shifted = [s for s, at in others.items() if abs(at - row.index) == 1]
            took = snapshotted.get(row.server)
            if shifted and took is not None:
                itself = shifted[0] == row.server
                who = "it" if itself else f"server {shifted[0]}"
                yield Explanation(
                    "shifted-after-snapshot",
                    f"server {row.server} applied at index {row.index} what {who} had "
                    f"applied at index {others[shifted[0]]}; its last "
                    f"snapshot({took.index}) had come just before",
                    (
                        fact(took, f"snapshot({took.index}) is called"),
                        fact(row, f"applies at index {row.index}"),
                    ),
                )
                return
            others[row.server] = row.index
