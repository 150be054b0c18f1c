"""Explanations of puts by their places in the log, and of what snapshots made of them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tester.explain.explanation import Explanation
from tester.explain.history import fact
from tester.explain.service_history import ServiceHistory
from tester.service_errors import NO_KEY, OK, VERSION
from tester.text import counted
from tester.traces import values
from tester.traces.operations import Operation
from tester.traces.rows import (
    Applied,
    AppliedSnapshot,
    Arrived,
    Boot,
    FactRow,
    Replied,
)
from tester.traces.values import Value

Key = tuple[str, str]
"""A key and a version, as text."""


def version_not_compared(history: ServiceHistory) -> Iterator[Explanation]:
    """Find two puts of one version that both returned OK, one after the other in the log."""
    for puts in _by_version(history).values():
        succeeded = [
            (history.indices(put)[0], put)
            for put in puts
            if put.answer == OK
            and len(history.indices(put)) == 1
            and not history.sent_otherwise(put)
        ]
        succeeded.sort(key=lambda found: (found[0], found[1].called.n))
        for (index, first), (later, second) in pairwise(succeeded):
            if index < later:
                yield _both_succeeded(history, first, second)


def _both_succeeded(
    history: ServiceHistory, first: Operation, second: Operation
) -> Explanation:
    """Explain two puts of one version that both returned OK."""
    both = (
        f"{first.name} of {history.who(first)}, applied at index "
        f"{history.indices(first)[0]}, and {second.name} of {history.who(second)}, at index "
        f"{history.indices(second)[0]}, both returned OK, and one of them at most can have "
        "found the version that both give"
    )
    facts = (_applies(history, first), _applies(history, second))
    for put in (second, first):
        for reply in history.refusals(put)[:1]:
            refused = fact(reply, f"answers {put.name} with a refusal")
            return Explanation(
                "refusal-taken-for-ok",
                f"{both}; server {reply.server} refused that of {history.who(put)}",
                tuple(sorted((*facts, refused), key=lambda shown: shown.t)),
            )
    return Explanation(
        "version-not-compared",
        f"{both}: do_op does not compare versions, or an answer is not what do_op returned "
        "for this put",
        facts,
    )


def version_not_reached(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a put that returned OK though too few puts came before it in the log."""
    if not history.every_entry_is_readable:
        return
    raised: dict[str, list[int]] = defaultdict(list)
    for put in history.puts:
        if not _was_refused(history, put):
            raised[str(put.key)] += history.indices(put)
    for indices in raised.values():
        indices.sort()
    for put in history.puts:
        version, indices = put.called.args[2], history.indices(put)
        if put.answer != OK or history.refusals(put) or len(indices) != 1:
            continue
        if type(version) is not int:
            continue
        # Others may stand before it in the same entry.
        before = bisect_right(raised[str(put.key)], indices[0]) - 1
        if before < version:
            found = counted(before, "put") if before else "no put"
            yield Explanation(
                "version-not-compared",
                f"{put.name} of {history.who(put)} was applied at index {indices[0]}, and "
                f"returned OK; before it in the log, {found} of the key can have raised "
                "the version: do_op does not compare versions, or the answer is not what "
                "do_op returned for this put",
                (_applies(history, put),),
            )


def refused_current_version(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a put that was refused though no entry had replaced the version that it gave."""
    if not history.every_entry_is_readable:
        return
    by_version = _by_version(history)
    for put in history.puts:
        indices, version = history.indices(put), put.called.args[2]
        if put.answer != VERSION or len(indices) != 1 or type(version) is not int:
            continue
        before = by_version.get(_key_and_version(put, -1), [])
        writers = [one for one in before if one.answer == OK]
        if len(writers) != 1 or len(history.indices(writers[0])) != 1:
            continue
        (at,), writer = history.indices(writers[0]), writers[0]
        # One entry may hold several puts.
        rivals = [
            index
            for other in by_version[_key_and_version(put)]
            if other is not put
            for index in history.indices(other)
            if at <= index <= indices[0]
        ]
        refusals = history.refusals(put)
        if at < indices[0] and not rivals and refusals:
            server = refusals[-1].server
            yield Explanation(
                "refused-current-version",
                f"server {server} answered {put.name} of {history.who(put)}, at index "
                f"{indices[0]}, with {VERSION}; {writer.name} at index {at} returned OK, and "
                f"no put between the two gives version {version}: server {server} had "
                "another table, or an answer is not what do_op returned for this put",
                (_applies(history, writer), _applies(history, put)),
            )


def _by_version(history: ServiceHistory) -> dict[Key, list[Operation]]:
    """Return the puts by key and version."""
    found: dict[Key, list[Operation]] = defaultdict(list)
    for put in history.puts:
        found[_key_and_version(put)].append(put)
    return found


def _key_and_version(put: Operation, later: int = 0) -> Key:
    """Return the key of a put and its version, or a later one."""
    version = put.called.args[2]
    return str(put.key), str(version + later if type(version) is int else version)


def _was_refused(history: ServiceHistory, put: Operation) -> bool:
    """Return whether a put is in the log once, and was refused there."""
    return put.answer in (VERSION, NO_KEY) and len(history.indices(put)) == 1


def submitted_twice(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a put that arrived once, is in the log twice, and was refused.

    A table of requests may keep the second entry from being performed; then the answer is
    the first one's. A server that has passed it on to another one gave it to Raft once.
    """
    for put in history.in_question:
        if put.called.method != "put" or put.answer != VERSION:
            continue
        applied, sent = history.applied(put), history.sent_with(put)
        indices = history.indices(put)
        if len(indices) < 2 or len(sent) != 1 or len(history.sent(put)) != 1:
            continue
        arrivals = [
            row
            for row in history.rows(sent[0].peer, Arrived)
            if row.rpc == sent[0].rpc
        ]  # fmt: skip
        at = sent[0].peer
        if len(arrivals) == 1 and not history.passed_on(put, at, arrivals[0].n):
            yield Explanation(
                "submitted-twice",
                f"{put.name} of {history.who(put)} reached server {at} once, is at the "
                f"indices {' and '.join(map(str, indices))} of the log, and was refused",
                (
                    fact(arrivals[0], f"gets {put.name}"),
                    fact(applied[0], f"applies it at index {applied[0].index}"),
                ),
            )


# What an answer lacks though its server should know it.


def lost_in_snapshot(history: ServiceHistory) -> Iterator[Explanation]:
    """Find an answer that lacks a put which its server had from a snapshot only.

    Whatever it had applied before the snapshot, which replaces its table.
    """
    for one, put, reply in _lacking(history, misread=True, at_once=True):
        applied = history.applied(put)[0]
        found = _from_snapshot(history, applied.index, reply)
        if found is None:
            continue
        restarted = type(found) is Boot
        how = "restarted with" if restarted else "got from its leader"
        yield Explanation(
            "lost-in-snapshot",
            f"server {reply.server} answered {one.name} of {history.who(one)} with "
            f"{one.answer}; {put.name}, at index {applied.index}, it had from the "
            f"snapshot that it {how}" + _up_to(found),
            (
                fact(found, "restarts with a snapshot" if restarted
                     else "is given a snapshot"),
                fact(reply, f"answers {one.name} with {one.answer}"),
            ),
        )  # fmt: skip


def applied_without_effect(history: ServiceHistory) -> Iterator[Explanation]:
    """Find an answer that lacks a put which its server has applied itself."""
    for one, put, reply in _lacking(history):
        since = history.life_since(reply.server, reply.n)
        own = [
            row
            for row in history.applied(put)
            if row.server == reply.server and since < row.n < reply.n
        ]
        boots = history.rows(reply.server, Boot, 0, reply.n)
        snapshot = any(boot.snapshot for boot in boots[-1:]) or history.rows(
            reply.server, AppliedSnapshot, since, reply.n
        )
        if own and not snapshot:
            led = history.leads(reply.server, own[0].n)
            yield Explanation(
                "applied-without-effect",
                f"server {reply.server} answered {one.name} of {history.who(one)} with "
                f"{one.answer}, and had applied {put.name} itself, at index "
                f"{own[0].index}, {'as leader' if led else 'while another server led'}",
                (
                    fact(own[0], f"applies index {own[0].index}: {put.name}"),
                    fact(reply, f"answers {one.name} with {one.answer}"),
                ),
            )


def value_with_another_version(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a get that shows the value of one put and the version of another one."""
    for get in history.in_question:
        shown = _version_shown(get)
        puts = [put for put in history.puts if put.key == get.key and put.answer == OK]
        of_value = [put for put in puts if put.called.args[1] == get.value_read]
        of_version = [put for put in puts if put.called.args[2] + 1 == shown]
        if len(of_value) == len(of_version) == 1 and of_value != of_version:
            (first,), (second,) = of_value, of_version
            yield Explanation(
                "value-with-another-version",
                f"{history.who(get)} read {get.answer} from {values.text(get.key)}: the "
                f"value is that of {first.name}, and the version that of {second.name}",
                tuple(
                    fact(put.called, f"calls {put.name}")
                    for put in sorted((first, second), key=lambda put: put.called.n)
                ),
            )


def _lacking(
    history: ServiceHistory, misread: bool = False, at_once: bool = False
) -> Iterator[tuple[Operation, Operation, Replied]]:
    """Yield operations in question whose answer lacks an earlier put, with both and the reply.

    Only of answers whose own entry may have been applied: something new was, meanwhile.

    Args:
        history: the run.
        misread: whether a value with another version lacks its put, too.
        at_once: whether also of answers without an entry, by servers that had applied all
            that was applied anywhere before the operation was called.
    """
    if not history.entries_are_readable:
        return
    for one in history.in_question:
        reply = history.last_reply(one)
        arrived = None if reply is None else history.arrival(reply)
        if not one.mark or reply is None or arrived is None:
            continue
        before = history.applied_anywhere(one.called.n)
        indices = [row.index for row in history.applied_since(arrived, reply)]
        new = any(type(index) is int and index > before for index in indices)
        had_all = not indices and before <= history.applied_up_to(
            reply.server, arrived.n
        )
        if not new and not (at_once and had_all):
            continue
        if history.passed_on(one, reply.server, arrived.n, reply.n):
            continue
        for put in _lacks(history, one, misread):
            applied = history.applied(put)
            if applied and type(applied[0].index) is int and applied[0].n < reply.n:
                yield one, put, reply


def _lacks(history: ServiceHistory, one: Operation, misread: bool) -> list[Operation]:
    """Return the puts that succeeded before an operation, and that its answer lacks.

    The one of the lowest version first: what follows may be a consequence.
    """
    shown = _version_shown(one)
    found = []
    if one.value_read is not None and not any(
        put.key == one.key and put.called.args[1] == one.value_read
        for put in history.puts
    ):
        return []  # It shows another operation's answer.
    for put in history.puts:
        key, value, replaced = put.called.args
        if put.answer != OK or put.returned is None or key != one.key:
            continue
        before = put.returned.n < one.called.n
        if one.called.method == "get":
            is_shown = one.value_read == value
            lost = misread and is_shown and shown != replaced + 1
            if (lost and _was_read(history, put, one)) or (
                before and not is_shown and (shown is None or shown <= replaced)
            ):
                found.append(put)
        elif before and one.answer == NO_KEY:
            found.append(put)
    return sorted(found, key=lambda put: _whole(put.called.args[2]))


def _was_read(history: ServiceHistory, put: Operation, until: Operation) -> bool:
    """Return whether an earlier get has shown a put with its version."""
    _, value, replaced = put.called.args
    return any(
        one.value_read == value and _version_shown(one) == replaced + 1
        for one in history.operations
        if one.called.method == "get" and one.called.n < until.called.n
    )


def _whole(version: Value) -> int:
    """Return a version; -1 for what is none."""
    return version if type(version) is int else -1


def _version_shown(get: Operation) -> int | None:
    """Return the version that a get has returned, None for a missing key."""
    value = get.returned.value if get.returned is not None else None
    if get.value_read is None or not isinstance(value, list) or len(value) != 3:
        return None
    return value[1] if type(value[1]) is int else None


def _from_snapshot(
    history: ServiceHistory, index: int, reply: Replied
) -> AppliedSnapshot | Boot | None:
    """Return the snapshot from which alone a server had what is at an index."""
    server, since = reply.server, history.life_since(reply.server, reply.n)
    own = history.rows(server, Applied, since, reply.n)
    given = history.rows(server, AppliedSnapshot, since, reply.n)
    for row in reversed(given):
        again = any(entry.index == index and entry.n > row.n for entry in own)
        is_new = row.index > history.applied_up_to(server, row.n)
        if row.index >= index and is_new and not again:
            return row
    if any(row.index == index for row in own):
        return None
    boots = history.rows(server, Boot, 0, reply.n)
    first = min((row.index for row in own if type(row.index) is int), default=0)
    return boots[-1] if boots and boots[-1].snapshot and first > index else None


def _up_to(snapshot: AppliedSnapshot | Boot) -> str:
    """Return up to which index a snapshot goes, if the trace has it, as a clause."""
    return f", up to index {snapshot.index}" if type(snapshot) is not Boot else ""


def _applies(history: ServiceHistory, put: Operation) -> FactRow:
    row = history.applied(put)[0]
    return fact(row, f"applies index {row.index}: {put.name}")
