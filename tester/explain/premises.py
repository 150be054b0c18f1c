"""Whether messages mean what the names of Figure 2 say: premises that many rules share.

The contract recommends names and leaves the rest to a submission: an index may count from 0
on the wire, a follower may take a part of what it is sent and answer how much, a request_vote
may only ask, a method of its own may say what is committed. Such a Raft is correct, and read
by Figure 2 it seems to break rules. So each premise is compared with the run; where it does
not hold, or may not, the rules that need it are silent.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tester.explain.exchanges import APPEND_ENTRIES, RPCS, Rpc
from tester.traces import values
from tester.traces.rows import Applied, Proposed
from tester.traces.values import Value

# How a submission counts shows in the first of its messages.
COMPARED_MAX = 2000
# What may be said beside entries and what is committed.
_OF_ELECTIONS = ("term", "leader_id", "candidate_id", "last_log_index", "last_log_term")


def bear_the_names(appends: Sequence[Rpc]) -> bool:
    """Return whether there are AppendEntries, each with the names of Figure 2."""
    return bool(appends) and all(
        rpc.arg("term") is not None
        and rpc.arg("prev_log_index") is not None
        and rpc.entries_count is not None
        and (rpc.replied is None or type(rpc.result("success")) is bool)
        for rpc in appends
    )


def indices_begin_at_one(
    appends: Sequence[Rpc],
    votes: Sequence[Rpc],
    proposed: Sequence[Proposed],
    applied: Sequence[Applied],
) -> bool:
    """Return whether the first entry has index 1 in messages, as it has for the service.

    Args:
        appends: all AppendEntries.
        votes: all requests for votes.
        proposed: what leaders accepted, each command once.
        applied: what servers applied.
    """
    # At first every log is empty. Where only one of the two says so, it is a mistake.
    empty = {rpc.arg("prev_log_index") for rpc in appends[:1]}
    empty |= {rpc.arg("last_log_index") for rpc in votes[:1]}
    if empty - {None} == {-1}:
        return False
    sent = {
        repr(entry.command): index
        for rpc in appends[:COMPARED_MAX]
        for index, entry in rpc.entries_by_index.items()
    }
    taken = {repr(row.command): row.index for row in applied[:COMPARED_MAX]}
    agree = differ = 0
    for row in proposed[:COMPARED_MAX]:
        command = repr(row.command)
        if command in sent:
            of_service = {row.index, taken.get(command)}
            agree += sent[command] in of_service
            differ += sent[command] not in of_service and len(of_service) == 1
    return differ <= agree


@dataclass
class _Extent:
    """Whether a number in answers may be how much of a request was taken."""

    whole: bool = False
    part: bool = False
    other: bool = False


def answers_are_of_all(appends: Iterable[Rpc]) -> bool:
    """Return whether who accepts AppendEntries has taken all that they bring.

    A number in the answers may say how much it was: the last index, the next one, or how many
    entries. Then all these numbers lie within what was sent, and some are less.
    """
    extents: dict[tuple[str, int], _Extent] = defaultdict(_Extent)
    for rpc in appends:
        prev, count = rpc.arg("prev_log_index"), rpc.entries_count
        if rpc.result("success") is not True or prev is None or count is None:
            continue
        for name, value in rpc.results.items():
            if type(value) is not int or name == "term":
                continue
            for place, none in enumerate((0, prev, prev + 1)):
                extent = extents[name, place]
                extent.whole |= value == none + count > 0
                extent.part |= none <= value < none + count
                extent.other |= not none <= value <= none + count
    return not any(one.whole and one.part and not one.other for one in extents.values())


def fields_that_name_senders(votes: Sequence[Rpc]) -> set[str]:
    """Return the fields of request_vote that hold the sender's number, in each request."""
    names = {name for rpc in votes for name in rpc.arguments}
    several = len({rpc.src for rpc in votes}) > 1
    return {
        name
        for name in names
        if several and all(rpc.arg(name) == rpc.src for rpc in votes)
    }


def may_say_what_is_committed(rpc: Rpc) -> bool:
    """Return whether a request beside AppendEntries, or any answer, may say that.

    Or up to which index an answer acknowledges the log.
    """
    answer = None if rpc.replied is None else rpc.replied.body
    if rpc.sent.method in RPCS:
        of_request = () if rpc.sent.method == APPEND_ENTRIES else rpc.arguments
        return any("commit" in name for name in (*of_request, *rpc.results))
    return _may_hold_an_index(rpc.sent.body) or _may_hold_an_index(answer)


def _may_hold_an_index(body: Value) -> bool:
    if body is None or type(body) in (bool, str):
        return False
    fields = values.fields(body) or {"": body}
    return any(
        value is not None and type(value) not in (bool, str)
        for name, value in fields.items()
        if name not in _OF_ELECTIONS
    )
