"""Explanations of what was not saved, or not in one piece."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from tester.explain.exchanges import (
    APPEND_ENTRIES,
    INSTALL_SNAPSHOT,
    Delivery,
    Exchange,
)
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact, reply_number
from tester.text import servers_named
from tester.traces.rows import (
    AnyRow,
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
    answered: list[Exchange] = [*history.votes, *_accepted(history)]
    for one in answered:
        assert one.replied is not None
        if not history.saves[one.dst]:
            first.setdefault(one.dst, one.replied)
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


def _accepted(history: History) -> list[Delivery]:
    """Return the AppendEntries with entries that were accepted, as they were replied."""
    accepted = [
        delivery
        for delivery in history.deliveries(APPEND_ENTRIES)
        if delivery.result("success") is True and delivery.entries_count
    ]
    return sorted(accepted, key=reply_number)


def accepted_without_saving(history: History) -> Iterator[Explanation]:
    """Find new entries that a server acknowledged though it had saved nothing."""
    if not history.appends_are_readable:
        return
    had = _highest_had(history)
    acknowledged: dict[int, int] = defaultdict(int)
    for one in _accepted(history):
        prev, count = one.arg("prev_log_index"), one.entries_count
        if prev is None or count is None:
            continue
        assert one.replied is not None
        last, server = prev + count, one.dst
        rows = had[server]
        place = bisect_left(rows, (one.arrived.n, 0))
        before = rows[place - 1][1] if place else 0
        new = last > max(before, acknowledged[server])
        acknowledged[server] = max(acknowledged[server], last)
        saved = history.saved_between(server, one.arrived.n, one.replied.n)
        if new and not saved and history.saves[server]:
            yield Explanation(
                "accepted-without-saving",
                f"server {server} acknowledged entries up to index {last}, which it had "
                "not had before, and saved nothing between the request and its answer",
                (fact(one.replied, f"acknowledges index {last}, unsaved"),),
            )
            return


def _highest_had(history: History) -> dict[int, list[tuple[int, int]]]:
    """Return up to which index each server may have had a log, or a snapshot, and when.

    Of what leaders have sent it, only what it did not answer in the step in which it came: it
    may have saved that before it answered, or crashed in between. Each is a row's number and an
    index, which never falls.
    """
    had: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for server, snapshots in history.snapshots.items():
        had[server] += [(row.n, index) for row, index in snapshots]
    for row in history.rows_of(Proposed):
        if type(row) is Proposed and row.leads:
            had[row.server].append((row.n, row.index))
    for rpc in history.calls(APPEND_ENTRIES):
        # It may have crashed before `start` returned.
        end = (rpc.arg("prev_log_index") or 0) + (rpc.entries_count or 0)
        had[rpc.src].append((rpc.sent.n, end))
    for delivery in history.deliveries(APPEND_ENTRIES):
        end = (delivery.arg("prev_log_index") or 0) + (delivery.entries_count or 0)
        if not delivery.at_once:
            had[delivery.dst].append((delivery.arrived.n, end))
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
    first_n: dict[tuple[int, int | None], int] = {}
    for one in history.deliveries(INSTALL_SNAPSHOT):
        # Another request may have brought the same snapshot before.
        key = one.dst, one.arg("last_included_index")
        since_n = first_n.setdefault(key, one.arrived.n)
        applied = installed.get(one.arrived.n)
        if applied is None or one.replied is None:
            continue
        until_n = max(applied.n, one.replied.n)
        if not history.saved_between(one.dst, since_n, until_n):
            yield Explanation(
                "installed-without-saving",
                f"server {one.dst} installed the snapshot of index {applied.index} and "
                "saved nothing between the request and its answer",
                (fact(one.replied, "acknowledges the snapshot, unsaved"),),
            )
            return


def crashed_between_saves(history: History) -> Iterator[Explanation]:
    """Find a crash in snapshot(), when the log had been saved and the snapshot had not."""
    called: dict[int, Snapshotted] = {}
    before: dict[int, Saved] = {}
    last: dict[int, Saved] = {}
    for row in history.rows_of(Snapshotted, Saved, Control, Boot):
        if type(row) is Snapshotted:
            called[row.server] = row
        elif type(row) is Saved:
            if row.server in last:
                before[row.server] = last[row.server]
            last[row.server] = row
        elif (server := _died(row, history)) is not None:
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


def _died(row: AnyRow, history: History) -> int | None:
    """Return which server's death a row shows, None if none.

    A list of choices has no crash of its own where a server dies in a step: it starts again in
    the same choice.
    """
    if type(row) is Control and row.verb == "crash" and row.args:
        return int(row.args[0])
    if type(row) is Boot and history.trace.header.by_choices:
        return row.server
    return None


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
