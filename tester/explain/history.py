"""A trace's rows as an explanation reads them: RPCs, elections, saves, snapshots."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, takewhile
from operator import attrgetter
from typing import TypeVar

from labrpc.clock import SECOND, to_seconds
from tester.explain import premises
from tester.explain.exchanges import (
    APPEND_ENTRIES,
    INSTALL_SNAPSHOT,
    REQUEST_VOTE,
    RPCS,
    VOTE_FIELDS,
    Delivery,
    Exchange,
    Rpc,
)
from tester.traces import values
from tester.traces.reader import Trace
from tester.traces.rows import (
    AnyRow,
    Applied,
    AppliedSnapshot,
    Arrived,
    Control,
    FactRow,
    NoReply,
    Proposed,
    Replied,
    ReplyArrived,
    Reported,
    Row,
    Saved,
    Sent,
    Snapshotted,
)

# The last seconds of a run, in which it waited in vain.
LAST_NS = 5 * SECOND


@dataclass(frozen=True)
class Election:
    """A server has asked for votes in a term; `row` is its first request."""

    server: int
    term: int
    row: Sent

    @property
    def t(self) -> int:
        """Return when it began."""
        return self.row.t


def _is_of_the_scenario(row: AnyRow) -> bool:
    """Return whether a row is no shutdown of servers, which may answer as they like then."""
    return type(row) is not Control or row.verb != "kill"


class History:
    """What a trace says, put together, up to where its servers are shut down.

    Attributes:
        trace: the trace.
        rows: those that count.
        rpcs: all RPCs in the order in which they were sent.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.rows = list(takewhile(_is_of_the_scenario, trace.rows))
        self._by_number: dict[int, Rpc] = {}
        self._deliveries: dict[tuple[int, bool], Delivery] = {}
        self._calls: dict[str, list[Rpc]] = defaultdict(list)
        self._rows_of: dict[tuple[type[Row], ...], list[AnyRow]] = {}
        self._of_kind: dict[type[Row], list[AnyRow]] = defaultdict(list)
        for row in self.rows:
            self._of_kind[type(row)].append(row)
            self._note(row)
        self.rpcs = list(self._by_number.values())
        votes = self.calls(REQUEST_VOTE)
        usual = {*VOTE_FIELDS, *premises.fields_that_name_senders(votes)}
        for rpc in votes:
            rpc.only_asks = not rpc.arguments.keys() <= usual

    def _note(self, row: AnyRow) -> None:
        if type(row) is Sent:
            self._by_number[row.rpc] = sent = Rpc(row)
            self._calls[row.method].append(sent)
            return
        if type(row) is Arrived:
            rpc = self._by_number.get(row.rpc)
            if rpc is not None:
                rpc.arrived = rpc.arrived or row
                self._deliveries[row.rpc, row.copy] = Delivery(
                    rpc.sent, rpc=rpc, arrived=row
                )
        elif type(row) is Replied:
            rpc = self._by_number.get(row.rpc)
            if rpc is not None and rpc.replied is None:
                rpc.take_reply(row)
            delivery = self._deliveries.get((row.rpc, row.copy))
            if delivery is not None:
                delivery.take_reply(row)
        elif type(row) is ReplyArrived:
            rpc = self._by_number.get(row.rpc)
            if rpc is not None:
                rpc.answered = rpc.answered or row
        elif type(row) is NoReply:
            rpc = self._by_number.get(row.rpc)
            if rpc is not None:
                rpc.unanswered = row

    def rpc(self, row: Sent | Replied | ReplyArrived) -> Rpc | None:
        """Return the RPC of a message, None if its request is not in the trace."""
        return self._by_number.get(row.rpc)

    def delivery(self, row: Arrived | Replied) -> Delivery | None:
        """Return the delivery of a request that arrived, or was replied to."""
        return self._deliveries.get((row.rpc, row.copy))

    def term(self, row: Sent | Replied) -> int | None:
        """Return the term that a server is in as it sends or answers an RPC of Figure 2."""
        rpc = self._by_number.get(row.rpc)
        if rpc is None or row.method not in RPCS or rpc.only_asks:
            return None
        return values.number(row.body, "term")

    def calls(self, method: str) -> list[Rpc]:
        """Return the RPCs of a method."""
        return self._calls.get(method, [])

    def deliveries(self, method: str) -> list[Delivery]:
        """Return the requests of a method that arrived, and copies of them, in that order."""
        return self._delivered.get(method, [])

    @cached_property
    def _delivered(self) -> dict[str, list[Delivery]]:
        """Deliveries by method."""
        found: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in self._deliveries.values():
            found[delivery.sent.method].append(delivery)
        return found

    def rows_of(self, *kinds: type[Row]) -> list[AnyRow]:
        """Return the rows of some kinds, in order: the others are most."""
        if kinds not in self._rows_of:
            found = chain.from_iterable(self._of_kind.get(kind, ()) for kind in kinds)
            self._rows_of[kinds] = sorted(found, key=attrgetter("n"))
        return self._rows_of[kinds]

    @cached_property
    def appends_are_readable(self) -> bool:
        """Return whether every AppendEntries, and its answer, means what Figure 2 says.

        Otherwise nothing can be said of who acknowledged what.
        """
        appends = self.calls(APPEND_ENTRIES)
        return (
            premises.bear_the_names(appends)
            and premises.answers_are_of_all(appends)
            and self.indices_begin_at_one
        )

    @cached_property
    def indices_begin_at_one(self) -> bool:
        """Return whether messages count the entries of a log as its service does."""
        proposed = [
            row
            for row in self.rows_of(Proposed)
            if type(row) is Proposed
            and row.leads
            and self.times_started[repr(row.command)] == 1
        ]
        applied = [row for row in self.rows_of(Applied) if type(row) is Applied]
        return premises.indices_begin_at_one(
            self.calls(APPEND_ENTRIES), self.calls(REQUEST_VOTE), proposed, applied
        )

    @cached_property
    def only_appends_commit(self) -> bool:
        """Return whether no other message says what is committed, or stored."""
        return not any(map(premises.may_say_what_is_committed, self.rpcs))

    @cached_property
    def has_other_methods(self) -> bool:
        """Return whether servers call each other by methods that the paper does not have.

        Leaders may send by them what this lab looks for in AppendEntries.
        """
        return not self._calls.keys() <= {*RPCS}

    @cached_property
    def vote_requests(self) -> list[Rpc]:
        """Return the RPCs that ask for votes.

        Not those of a server that does not stand yet.
        """
        return [rpc for rpc in self.calls(REQUEST_VOTE) if not rpc.only_asks]

    @cached_property
    def elections(self) -> list[Election]:
        """Return the elections, in the order in which they began."""
        found: dict[tuple[int, int], Election] = {}
        for rpc in self.vote_requests:
            term = rpc.arg("term")
            if term is not None and (rpc.src, term) not in found:
                found[rpc.src, term] = Election(rpc.src, term, rpc.sent)
        return list(found.values())

    @cached_property
    def votes(self) -> list[Rpc]:
        """Return the request_vote RPCs that were granted, as they were replied."""
        granted = [
            rpc
            for rpc in self.vote_requests
            if rpc.replied is not None and rpc.result("vote_granted") is True
        ]
        return sorted(granted, key=reply_number)

    @cached_property
    def saves(self) -> dict[int, list[Saved]]:
        """Return when each server wrote its disk."""
        return _by_server(self.rows, Saved)

    @cached_property
    def reports(self) -> dict[int, list[Reported]]:
        """Return what each server said of its term and role."""
        return _by_server(self.rows, Reported)

    @cached_property
    def snapshots(self) -> dict[int, list[tuple[AnyRow, int]]]:
        """Return the snapshots of each server, each with its index.

        Those that it made, applied or was sent: each may have replaced its log.
        """
        found: dict[int, list[tuple[AnyRow, int]]] = defaultdict(list)
        for row in self.rows_of(Snapshotted, AppliedSnapshot):
            if (
                isinstance(row, Snapshotted | AppliedSnapshot)
                and type(row.index) is int
            ):
                found[row.server].append((row, row.index))
        for rpc in self.calls(INSTALL_SNAPSHOT):
            index = rpc.arg("last_included_index")
            if rpc.arrived is not None and index is not None:
                found[rpc.dst].append((rpc.arrived, index))
        return found

    @cached_property
    def times_started(self) -> Counter[str]:
        """Return how often each command, as text, was accepted by a leader."""
        return Counter(
            repr(row.command)
            for row in self.rows_of(Proposed)
            if type(row) is Proposed and row.leads
        )

    def saved_between(self, server: int, from_n: int, to_n: int) -> bool:
        """Return whether a server wrote its disk between two rows."""
        saves = self.saves[server]
        first = bisect_left(saves, from_n, key=lambda save: save.n)
        return first < len(saves) and saves[first].n <= to_n


_Kind = TypeVar("_Kind", bound=Row)


def _by_server(rows: Sequence[AnyRow], kind: type[_Kind]) -> dict[int, list[_Kind]]:
    """Return the rows of a kind, by server."""
    found: dict[int, list[_Kind]] = defaultdict(list)
    for row in rows:
        if type(row) is kind:
            found[row.server].append(row)
    return found


def reply_number(exchange: Exchange) -> int:
    """Return the number of the row in which a request was answered, 0 if it was not."""
    return 0 if exchange.replied is None else exchange.replied.n


def fact(row: AnyRow, text: str) -> FactRow:
    """Return a fact: where and when a row happened, and what is to be said of it."""
    return FactRow(server=row.server, t=row.t, text=text)


def last_seconds(trace: Trace) -> tuple[int, int]:
    """Return when the last seconds of a run began, and when it ended, in nanoseconds.

    Nothing may have happened for some time before the end.
    """
    ended = max(trace.rows[-1].t if trace.rows else 0, trace.end.t if trace.end else 0)
    return max(0, ended - LAST_NS), ended


def seconds(nanoseconds: int) -> str:
    """Return a virtual time as people read it."""
    return f"{to_seconds(nanoseconds):.3f} s"
