"""Explanations of silence: who never stands, and leaders without heartbeats."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from labrpc.clock import SECOND
from tester.explain.disturbances import servers_under
from tester.explain.exchanges import APPEND_ENTRIES, INSTALL_SNAPSHOT, Rpc
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact, seconds
from tester.traces.rows import (
    AnyRow,
    Arrived,
    Boot,
    Broke,
    Control,
    Proposed,
    ReplyArrived,
    Reported,
    Sent,
)

# A server that hears nothing for so long has had its election time-out, and more.
SILENT_NS = 3 * SECOND
# So long a leader would not leave a server without any request.
UNSENT_NS = 2 * SECOND
SENT_TO_OTHERS_MIN = 5


# What shows that a server has begun to wait for a leader anew.
_ACTIVITY = (Boot, Sent, Arrived, ReplyArrived)


def never_stands(history: History) -> Iterator[Explanation]:
    """Find a server that heard nothing for long, and began no election.

    Nothing but AppendEntries of older terms. Whatever else reached it or was done to it may
    have been a reason to wait. One that led, and heard of no higher term, ended its
    heartbeats instead.
    """
    if not history.elections or not history.calls(APPEND_ENTRIES):
        return
    other_clock = servers_under(history, "clock rate")
    # The one that has been silent for longest first.
    since: dict[int, AnyRow] = {}
    stale: dict[int, int] = defaultdict(int)
    led: dict[int, int] = {}
    moments = history.rows_of(
        Control, Broke, Arrived, Boot, Sent, ReplyArrived, Proposed, Reported
    )
    for row in [*moments, *history.rows[-1:]]:
        while since:
            server, at = next(iter(since.items()))
            if row.t - at.t <= SILENT_NS:
                break
            del since[server]
            if server not in other_clock:
                yield _silent(server, at, row, stale[server], server in led)
        _note_led(history, row, led)
        if type(row) is Control:
            for server in row.args:
                if row.verb in ("crash", "pause", "resume"):
                    since.pop(server, None)
                if row.verb == "resume":
                    since[server] = row
        elif type(row) is Broke:
            since.pop(row.server, None)
        elif type(row) is Arrived and _is_stale(history, row):
            stale[row.server] += 1
        elif type(row) in _ACTIVITY:
            since.pop(row.server, None)
            since[row.server] = row
            stale[row.server] = 0


def _note_led(history: History, row: AnyRow, led: dict[int, int]) -> None:
    """Note the term that a server leads as far as is known, or that it leads no more."""
    if type(row) is Boot:
        led.pop(row.server, None)
    elif type(row) is Proposed or type(row) is Reported:
        led.pop(row.server, None)
        if row.leads:
            led[row.server] = row.term
    elif type(row) is Arrived or type(row) is ReplyArrived:
        rpc = history.delivery(row) if type(row) is Arrived else history.rpc(row)
        term = rpc and (rpc.arg if type(row) is Arrived else rpc.result)("term")
        if type(term) is int and term > led.get(row.server, term):
            del led[row.server]


def _is_stale(history: History, row: Arrived) -> bool:
    """Return whether an AppendEntries was refused because its term was an older one."""
    delivery = history.delivery(row)
    if delivery is None or delivery.sent.method != APPEND_ENTRIES:
        return False
    term, answer = delivery.arg("term"), delivery.result("term")
    return term is not None and type(answer) is int and answer > term


def _silent(
    server: int, since: AnyRow, until: AnyRow, stale: int, led: bool
) -> Explanation:
    if led:
        return Explanation(
            "heartbeats-end",
            f"server {server} said that it leads, and sent nothing for "
            f"{seconds(until.t - since.t)}",
            (fact(since, "sends or is sent something for the last time"),),
        )
    of_older = f" but {stale} append_entries of older terms" if stale else ""
    return Explanation(
        "never-stands",
        f"server {server} was up and heard nothing{of_older} for "
        f"{seconds(until.t - since.t)}, and asked for no votes",
        (fact(since, "sends or is sent something for the last time"),),
    )


@dataclass
class _Leadership:
    """What a leader has sent in its term, by whatever method.

    Attributes:
        term: the term.
        sent: how many requests.
        last: the last one to each server, and how many came before it.
    """

    term: int
    sent: int = 0
    last: dict[int, tuple[int, Rpc]] = field(default_factory=dict)


def left_without_heartbeats(history: History) -> Iterator[Explanation]:
    """Find a leader that sent others requests, and one server none for long."""
    leaderships: dict[int, _Leadership] = {}
    other_clock = servers_under(history, "clock rate")
    for rpc in history.rpcs:
        leads, term = leaderships.get(rpc.src), rpc.arg("term")
        if rpc.sent.method in (APPEND_ENTRIES, INSTALL_SNAPSHOT) and term is not None:
            if leads is None or leads.term != term:
                leads = leaderships[rpc.src] = _Leadership(term)
            for peer, (place, earlier) in leads.last.items():
                gap, others = rpc.sent.t - earlier.sent.t, leads.sent - place
                if gap > UNSENT_NS and others > SENT_TO_OTHERS_MIN:
                    yield _left(rpc, term, peer, earlier, others)
                    return
        if leads is not None and rpc.src not in other_clock:
            leads.last[rpc.dst] = leads.sent, rpc
            leads.sent += 1


def _left(rpc: Rpc, term: int, peer: int, earlier: Rpc, others: int) -> Explanation:
    return Explanation(
        "left-without-heartbeats",
        f"server {rpc.src}, leading term {term}, sent server {peer} nothing for "
        f"{seconds(rpc.sent.t - earlier.sent.t)}, and the others {others} requests "
        "meanwhile",
        (
            fact(earlier.sent, f"sends server {peer} its last request"),
            fact(rpc.sent, f"sends server {rpc.dst} another"),
        ),
    )
