"""One operation of a client: its call, and what the service answered."""

from typing import Literal

import msgspec

from labrpc.clock import to_seconds
from labrpc.errors import Fact
from tester.service_errors import MAYBE, NO_KEY, OK, VERSION
from tester.text import short

OperationKind = Literal["get", "put"]
Outcome = Literal["ok", "no_key", "version", "maybe", "pending"]
"""`pending` until the operation returns, and for ever if it never does."""

_ERRORS = {"no_key": NO_KEY, "version": VERSION, "maybe": MAYBE}


class Operation(msgspec.Struct):
    """A get or a put of one client.

    Attributes:
        id: unique within the history.
        client: the client's number.
        value: the argument of a put, the answer of a get.
        version: the version that a put is to replace, the one that a get returned.
        called_at: the number of the event in the history; events are numbered from 1
            in their order, also where several happen at one instant of virtual time.
        returned_at: the number of the event, 0 if it has not returned.
        lane: the client's number in views, where clients stand below servers.
        sent: how many requests its clerk has sent until it returned; -1 if nobody counts.
    """

    id: int
    client: int
    kind: OperationKind
    key: str
    value: str
    version: int
    call_ns: int
    called_at: int = 0
    return_ns: int = 0
    returned_at: int = 0
    outcome: Outcome = "pending"
    lane: int = 0
    sent: int = -1

    @property
    def name(self) -> str:
        """The call as a person writes it."""
        if self.kind == "get":
            return f"get({short(self.key)})"
        return f"put({short(self.key)}, {short(self.value)}, version {self.version})"

    @property
    def answer(self) -> str:
        """What it returned, in the service's words."""
        if self.outcome == "ok":
            if self.kind == "put":
                return OK
            return f"{short(self.value)} of version {self.version}"
        return _ERRORS.get(self.outcome, "nothing")

    def __str__(self) -> str:
        """Return the call and the answer with their times, for a report."""
        called = f"client {self.client} called {self.name} at {to_seconds(self.call_ns):.6f} s"
        if not self.returned_at:
            return f"{called}; it has not returned"
        return (
            f"{called}; it returned {self.answer} at {to_seconds(self.return_ns):.6f} s"
        )

    def fact(self) -> Fact:
        """Return it as a fact of a failure."""
        time_ns = self.return_ns if self.returned_at else self.call_ns
        return Fact(self.lane, time_ns, str(self))
