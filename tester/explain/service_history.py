"""A trace's rows as an explanation of a service reads them: operations and their requests.

What clerks, servers and entries look like is the student's business. So a put is found in
a message or in an entry by its key, its value and its version, wherever they stand in it:
within a test, no value is put twice.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

from tester.explain.exchanges import APPEND_ENTRIES, RPCS
from tester.explain.service_values import is_cut, is_of, texts
from tester.service_errors import NO_KEY, OK, VERSION
from tester.traces.operations import Operation, operations
from tester.traces.reader import Trace
from tester.traces.rows import (
    AnyRow,
    Applied,
    AppliedSnapshot,
    Arrived,
    Boot,
    Control,
    NoReply,
    Replied,
    ReplyArrived,
    Reported,
    Row,
    Sent,
    Snapshotted,
)
from tester.traces.values import Value

_Kind = TypeVar("_Kind", bound=Row)
REFUSALS = {VERSION, NO_KEY}


class ServiceHistory:
    """What happened in a run of a service.

    Attributes:
        operations: of all clients, in the order of their calls.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.header = trace.header
        self.operations = operations(trace)
        self._rows: dict[int, dict[type[Row], list[AnyRow]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for row in trace.rows:
            self._rows[row.server][type(row)].append(row)
        self._arrivals = {
            (row.rpc, row.copy): row for row in trace.rows if type(row) is Arrived
        }

    # Which operations matter.

    @cached_property
    def in_question(self) -> list[Operation]:
        """The operations that the failure is about; all of them if it names none."""
        return [one for one in self.operations if one.mark] or self.operations

    def is_clients(self, one: Operation) -> bool:
        """Return whether a clerk performs an operation; a server's sends are Raft's."""
        return one.lane >= self.header.servers

    @cached_property
    def puts_in_question(self) -> list[Operation]:
        """The puts among these, and those whose values gets among these have shown."""
        shown = {one.value_read for one in self.in_question} - {None}
        wanted = {one.called.operation for one in self.in_question}
        return [
            put
            for put in self.puts
            if put.called.operation in wanted or put.called.args[1] in shown
        ]

    @cached_property
    def puts(self) -> list[Operation]:
        """The puts, in the order of their calls."""
        return [one for one in self.operations if one.called.method == "put"]

    # Rows of one lane.

    def rows(
        self, lane: int, kind: type[_Kind], after: int = 0, until: int | None = None
    ) -> list[_Kind]:
        """Return the rows of a kind in a lane, those with numbers above `after`."""
        found = self._rows[lane][kind]
        first = bisect_right(found, after, key=lambda row: row.n)
        last = len(found)
        if until is not None:
            last = bisect_left(found, until, key=lambda row: row.n)
        return found[first:last]  # type: ignore[return-value]

    def sent(self, one: Operation) -> list[Sent]:
        """Return the requests that a client has sent for an operation."""
        return self.rows(one.lane, Sent, one.called.n, self._end(one))

    def sent_with(self, put: Operation) -> list[Sent]:
        """Return the requests of a put that hold what is put."""
        return [row for row in self.sent(put) if is_of(put, row.body)]

    def sent_otherwise(self, put: Operation) -> list[Sent]:
        """Return the requests that hold what is put, and not with its key and version.

        Empty if no request is as the put was called: then requests cannot be read.
        """
        if not self.sent_with(put):
            return []
        value = put.called.args[1]
        return [
            row
            for row in self.sent(put)
            if value in texts(row.body) and not is_of(put, row.body)
        ]

    def answers(self, one: Operation) -> list[ReplyArrived | NoReply]:
        """Return what became of the requests of an operation, in order."""
        end = self._end(one)
        found: list[ReplyArrived | NoReply] = [
            *self.rows(one.lane, ReplyArrived, one.called.n, end),
            *self.rows(one.lane, NoReply, one.called.n, end),
        ]
        return sorted(found, key=lambda row: row.n)

    def last_reply(self, one: Operation) -> Replied | None:
        """Return the reply that ended an operation: it returned in that very step."""
        answers = self.answers(one)
        if one.returned is None or not answers or type(answers[-1]) is not ReplyArrived:
            return None
        last = answers[-1]
        if one.returned.cause != last.n:
            return None
        return self.trace.replied.get((last.rpc, last.copy))

    def refusals(self, put: Operation) -> list[Replied]:
        """Return the replies that refuse a put for its version, to any copy of it."""
        replies = [
            self.trace.replied.get((row.rpc, False)) for row in self.sent_with(put)
        ]
        return [
            reply
            for reply in replies
            if reply is not None and not REFUSALS.isdisjoint(texts(reply.body))
        ]

    def arrival(self, reply: Replied) -> Arrived | None:
        """Return where the request of a reply arrived."""
        return self._arrivals.get((reply.rpc, reply.copy))

    def applied_since(
        self, arrived: Arrived, reply: Replied
    ) -> list[Applied | AppliedSnapshot]:
        """Return what a server applied between a request and its reply."""
        found = self._applied_between(reply.server, arrived.n, reply.n)
        return sorted(found, key=lambda row: row.n)

    def applied_up_to(self, server: int, until: int, in_any_life: bool = False) -> int:
        """Return up to which index a server had applied, in its life, 0 for none.

        At most: a life that began with a snapshot may have begun with an older one.
        """
        since = 0 if in_any_life else self.life_since(server, until)
        rows: list[Applied | AppliedSnapshot | Snapshotted]
        rows = [*self._applied_between(server, since, until)]
        if self._began_with_snapshot(server, until):
            rows += self.rows(server, AppliedSnapshot, 0, since)
            rows += self.rows(server, Snapshotted, 0, since)
        return max((row.index for row in rows if type(row.index) is int), default=0)

    def _began_with_snapshot(self, server: int, until: int) -> bool:
        """Return whether the life of a server has begun with a snapshot."""
        boots = self.rows(server, Boot, 0, until)
        return bool(boots) and boots[-1].snapshot > 0

    def passed_on(
        self, one: Operation, server: int, after: int, until: int | None = None
    ) -> Sent | None:
        """Return the request by which a server may have passed an operation on.

        To another server, and none of Raft's. It holds the key, or cannot be read.
        """
        for row in self.rows(server, Sent, after, until):
            if row.peer < self.header.servers and row.method not in RPCS:
                found = texts(row.body)
                if not found or any(str(one.key) in text for text in found):
                    return row
        return None

    def _applied_between(
        self, server: int, after: int, until: int
    ) -> list[Applied | AppliedSnapshot]:
        """Return the commands, then the snapshots, that a server applied meanwhile."""
        return [
            *self.rows(server, Applied, after, until),
            *self.rows(server, AppliedSnapshot, after, until),
        ]

    def applied_anywhere(self, until: int) -> int:
        """Return the last index that any server had applied before a row."""
        servers = range(self.header.servers)
        return max((self.applied_up_to(s, until, True) for s in servers), default=0)

    def life_since(self, server: int, until: int) -> int:
        """Return the row at which the life of a server has begun."""
        boots = self.rows(server, Boot, 0, until)
        return boots[-1].n if boots else 0

    def _end(self, one: Operation) -> int | None:
        return one.returned.n if one.returned is not None else None

    # Entries.

    @cached_property
    def _applied_with(self) -> dict[str, list[Applied]]:
        """The applied commands in which the value of a put stands, by that value."""
        lanes = self.header.lanes
        applied = [row for lane in lanes for row in self.rows(lane, Applied)]
        return self._by_value((row, row.command) for row in applied)

    @cached_property
    def _appends_with(self) -> dict[str, list[Sent]]:
        """The AppendEntries in which the value of a put stands, by that value."""
        servers = range(self.header.servers)
        sent = [row for server in servers for row in self.rows(server, Sent)]
        return self._by_value(
            (row, row.body) for row in sent if row.method == APPEND_ENTRIES
        )

    def _by_value(self, rows: Iterable[tuple[_Kind, Value]]) -> dict[str, list[_Kind]]:
        """Return rows by the values of puts that stand in what each row holds."""
        wanted = {one.called.args[1] for one in self.puts}
        found: dict[str, list[_Kind]] = defaultdict(list)
        for row, held in rows:
            for text in dict.fromkeys(texts(held)):
                if text in wanted:
                    found[text].append(row)
        return found

    @cached_property
    def _applied_of(self) -> dict[int, list[Applied]]:
        """Where and when each put was applied, by the operation's number."""
        return {
            put.called.operation: sorted(
                (
                    row
                    for row in self._applied_with.get(put.called.args[1], ())
                    if is_of(put, row.command)
                ),
                key=lambda row: row.n,
            )
            for put in self.puts
        }

    def applied(self, put: Operation) -> list[Applied]:
        """Return where and when a put was applied, the earliest first."""
        return self._applied_of[put.called.operation]

    def indices(self, put: Operation) -> list[int]:
        """Return where in the log a put stands."""
        found = {row.index for row in self.applied(put) if type(row.index) is int}
        return sorted(found)

    @cached_property
    def entries_are_readable(self) -> bool:
        """Whether puts are found in the entries: most of those that succeeded.

        Those that no server has applied may be on their way to followers.
        """
        succeeded = self._succeeded
        found = sum(bool(self.applied(one)) for one in succeeded)
        if succeeded and 2 * found < len(succeeded):
            found = sum(
                bool(self.applied(one)) or self._is_on_its_way(one) for one in succeeded
            )
        return found > 0 and 2 * found >= len(succeeded)

    def _is_on_its_way(self, put: Operation) -> bool:
        """Return whether a leader has sent the entry of a put, one that can be read."""
        sent = self._appends_with.get(put.called.args[1], ())
        return any(is_of(put, row.body) for row in sent)

    @cached_property
    def every_entry_is_readable(self) -> bool:
        """Whether every put that succeeded is found in entries, each recorded whole."""
        return (
            bool(self._succeeded)
            and all(map(self.applied, self._succeeded))
            and not any(
                is_cut(row.command)
                for server in range(self.header.servers)
                for row in self.rows(server, Applied)
            )
        )

    @cached_property
    def _succeeded(self) -> list[Operation]:
        """The puts that returned OK."""
        return [one for one in self.puts if one.answer == OK]

    # Leaders.

    def leads(self, server: int, at: int) -> bool:
        """Return whether a server said last, before a row, that it leads."""
        reports = self.rows(server, Reported, 0, at)
        boots = self.rows(server, Boot, 0, at)
        crashes = [
            row
            for row in self.rows(-1, Control, 0, at)
            if row.verb == "crash" and row.args == [server]
        ]
        if not reports or any(row.n > reports[-1].n for row in [*boots, *crashes]):
            return False
        return reports[-1].leads

    def who(self, one: Operation) -> str:
        """Return whose operation it is."""
        return self.header.lane(one.lane)
