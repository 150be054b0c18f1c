"""The failures of a history: operations that contradict each other, in their order.

A sequence of operations can contradict itself in ways that have different causes. The
code of a failure is that of the likeliest; its evidence lists the operations.
"""

from collections.abc import Sequence
from itertools import pairwise

from labrpc.codes import Code
from labrpc.errors import SubmissionError
from tester import codes
from tester.oracles.linearizability.operation import Operation
from tester.oracles.linearizability.version import NEVER, Bound, Version
from tester.text import short

_RULE = "(linearizability, section 8)"


def never_written(
    operation: Operation,
    missing: int | None,
    puts: Sequence[Operation],
) -> SubmissionError:
    """Return the failure of an operation that shows what no put can have written.

    Args:
        operation: it shows a version.
        missing: an earlier version that nobody wrote; None where the value of this one
            was never put.
        puts: those of the same value and other versions.
    """
    if missing is None:
        what = "which no client has put with this version"
    else:
        what = f"though no put can have written version {missing}"
    hint = (
        "the value was put with another version: was a put applied twice, or its "
        "version not compared?"
        if puts
        else "possible causes: the answer belongs to another key or another client's "
        "operation; a put was applied without a comparison of versions; versions are "
        "missing from the snapshot"
    )
    return _failure(
        codes.NEVER_WRITTEN,
        f"{_did(operation)}, {what} {_RULE}",
        [*puts[-1:], operation],
        hint,
    )


def lost_reply(put: Operation, shown_by: Operation) -> SubmissionError:
    """Return the failure of a put that was refused although it had been applied."""
    return _failure(
        codes.LOST_REPLY,
        f"{_did(put)}, though only it can have written version {put.version + 1} {_RULE}",
        [put, shown_by],
        _why_refused(put),
    )


def _why_refused(put: Operation) -> str:
    """Return why a put may have been refused though it was applied."""
    if put.sent == 1:
        return (
            "Its clerk sent it once, so an earlier copy of the clerk's is not why. Possible "
            "causes: the answer is not what do_op returned for it; the service applied it "
            "twice; the servers' tables differ, as after a snapshot under a wrong index"
        )
    how_often = (
        "Perhaps it was sent again" if put.sent < 0 else f"Sent {put.sent} times"
    )
    return (
        f"{how_often}: an earlier copy may have been applied, even if it got no reply or "
        "ErrWrongLeader, and ErrVersion for a later copy then means ErrMaybe. Or the answer "
        "is not what do_op returned for it, or the servers' tables differ"
    )


def two_writers(
    version: Version, put: Operation, shown_by: Operation
) -> SubmissionError:
    """Return the failure of a version that is two puts'.

    Args:
        version: with the put that wrote it, as an earlier operation has shown.
        put: another one that wrote it.
        shown_by: the operation that shows this.
    """
    writer, earlier = version.writer, version.writer_shown_by
    assert writer is not None
    assert earlier is not None
    both = f"version {version.number} of {short(put.key)}"
    operations = [writer, earlier, put, shown_by]
    if writer.outcome == put.outcome == "ok":
        code = codes.VERSION_GIVEN_TWICE
        headline = (
            f"{both} was given to two puts: {short(writer.value)} of client "
            f"{writer.client} and {short(put.value)} of client {put.client}"
        )
    elif "ok" in (writer.outcome, put.outcome):
        lost, other = (writer, put) if writer.outcome == "ok" else (put, writer)
        code = codes.LOST_WRITE
        headline = (
            f"client {lost.client}'s {lost.name} returned OK and is lost: {both} is "
            f"{short(other.value)}"
        )
    else:
        code = codes.VERSION_GIVEN_TWICE
        headline = (
            f"{both} has two values: {short(writer.value)} and {short(put.value)}"
        )
    return _failure(
        code,
        f"{headline} {_RULE}",
        operations,
        "possible causes: a put was answered before it was committed, so that another "
        "leader gave the version again; the comparison of versions and the change are "
        "not one operation of the log; a put does not raise the version; a snapshot lacks "
        "what had been applied",
    )


def late_version(
    version: Version, bound: Bound, rival: Operation | None
) -> SubmissionError:
    """Return the failure of a version that was shown before it can have been written.

    Args:
        version: what was shown too early.
        bound: why it was written later.
        rival: if the bound is a refused put's, another put that may have replaced the
            version before that.
    """
    if bound.refused:
        return _refused_in_vain(version, bound, rival)
    operation = bound.operation
    if operation.kind == "get":
        code = codes.STALE_READ
        causes = (
            "a server that no longer leads answered from its own state, without an entry "
            "in the log; a put was answered before it was committed; a snapshot or a "
            "restart lost what had been applied"
        )
    elif operation.outcome == "no_key":
        code = codes.REFUSED_IN_VAIN
        causes = (
            "a server answered from an old state; a snapshot or a restart lost what had "
            "been applied"
        )
    else:
        code = codes.VERSION_GIVEN_TWICE
        causes = (
            "the versions are not compared, or not as one operation of the log; what had "
            "been applied was lost"
        )
    return _failure(
        code,
        f"{_did(operation)}, though version {version.number} had been shown before it "
        f"asked {_RULE}",
        [operation] if version.shown_by is None else [version.shown_by, operation],
        f"possible causes: {causes}",
    )


def _refused_in_vain(
    version: Version, bound: Bound, rival: Operation | None
) -> SubmissionError:
    """Return the failure of a put that gave the version the key had all the time."""
    put, later = bound.operation, bound.next_bound
    operations = [put] if version.shown_by is None else [version.shown_by, put]
    had = f"the key had version {version.number} all the time"
    if later is None:
        had += ", since no other put can have replaced it"
    else:
        operations.append(later.operation)
    if rival is not None and later is not None and later.operation.kind == "get":
        get = later.operation
        return _failure(
            codes.STALE_READ,
            f"{_did(get)}, though {_did(put)} before it asked {_RULE}",
            [rival, *operations],
            f"the put was refused since version {version.number} had been replaced, "
            "and the get shows that version. Possible causes: a server that no longer "
            "leads answered from its own state; a snapshot or a restart lost what had "
            "been applied",
        )
    if put.outcome == "maybe":
        return _failure(
            codes.MAYBE_IN_VAIN,
            f"{_did(put)}, though {had} {_RULE}",
            operations,
            "ErrMaybe is for a put that was sent again and then got ErrVersion. A put "
            "without an answer is to be sent again until there is one",
        )
    if later is None and put.outcome == "version":
        # Of two explanations the likelier: either way its clerk returns the wrong error.
        return _failure(
            codes.LOST_REPLY,
            f"{_did(put)} although no other put can have replaced version "
            f"{version.number} {_RULE}",
            operations,
            f"{_why_refused(put)}. Or it was refused for no reason",
        )
    return _failure(
        codes.REFUSED_IN_VAIN,
        f"{_did(put)}, though {had} {_RULE}",
        operations,
        "a put succeeds if it gives the version that the key has. Possible causes: the "
        "answer belongs to another operation; versions are compared on a state that "
        "is not the log's",
    )


def _did(operation: Operation) -> str:
    """Return what happened to an operation, as a clause."""
    client, answer = f"client {operation.client}", operation.answer
    if operation.kind == "get":
        return f"{client} read {answer} from {short(operation.key)}"
    return f"{client} got {answer} for {operation.name}"


def _failure(
    code: Code,
    headline: str,
    operations: Sequence[Operation],
    hint: str,
) -> SubmissionError:
    """Return a failure with the operations in the order in which they returned."""
    distinct = list({operation.id: operation for operation in operations}.values())
    distinct.sort(key=lambda o: (o.returned_at or NEVER, o.called_at))
    lines = [str(operation) for operation in distinct]
    lines += [
        f"client {before.client}'s {before.name} returned before client "
        f"{after.client}'s {after.name} was called"
        for before, after in pairwise(distinct)
        if before.returned_at and before.returned_at < after.called_at
    ]
    return SubmissionError(
        code,
        headline,
        "\n".join([*lines, hint]),
        [operation.fact() for operation in distinct],
    )
