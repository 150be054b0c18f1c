"""The event model: what a trace of version 2 holds, one row for each thing that happened.

A trace is a `Header`, then rows in the order in which things happened, then an `End`.
docs/trace.md documents the file. Every row has a number `n`; rows that one step of a
server brought about share its `step`, and name as `cause` the row that led to it.

A message is one `rpc` from send to end: `Sent`, `Arrived`, `Replied`, `ReplyArrived`, or
`Lost` in between. A network may copy a request: then each of the last four exists for
the original and for the `copy`.
"""

from typing import Any, final

import msgspec

from tester.traces.values import Value

TRACE_VERSION = 2
SCENARIO = -1
"""The server of what the scenario does."""


class Header(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The first line.

    Attributes:
        trace: the version of the format.
        servers: how many there are.
        clients: how many clients of them there are, which are numbered after them.
        service: what runs on Raft in each server, "" for the lab's state machine.
        submission_digest: of its source files.
        persistence: whether the test requires servers to save their state.
        preempt: whether threads could lose their turn between two statements.
        file: the name of the test's file.
        by_choices: whether a list of choices drove the run, whose times mean nothing.
    """

    trace: int = msgspec.field(default=0)
    test: str = ""
    seed: int = 0
    servers: int = 0
    clients: int = 0
    service: str = ""
    persistence: bool = False
    submission: str = ""
    submission_digest: str = ""
    preempt: bool = False
    hash_seed: int | None = None
    file: str = ""
    by_choices: bool = False
    lab: str = ""
    python: str = ""

    @property
    def lanes(self) -> range:
        """The numbers of the servers, and then of the clients."""
        return range(self.servers + self.clients)

    def lane(self, number: int) -> str:
        """Return a server, a client, or the test, which is -1, as text."""
        if number < 0:
            return "the test"
        client = number - self.servers
        return f"client {client}" if client >= 0 else f"server {number}"

    def peer(self, number: int) -> str:
        """Return who a message is from or to: a server's number, or a client."""
        return self.lane(number) if number >= self.servers else f"{number}"

    def short_lane(self, number: int) -> str:
        """Return a server's number, or that of a client, as in "c0"."""
        client = number - self.servers
        return f"c{client}" if client >= 0 else f"{number}"


class Row(
    msgspec.Struct,
    kw_only=True,
    frozen=True,
    omit_defaults=True,
    tag_field="event",
    tag=str.lower,
):
    """Something that happened.

    No class of rows has a subclass, and readers compare `type(row)`: for a struct,
    `isinstance` takes microseconds where the answer is no.

    Attributes:
        n: the number of the row, from 1.
        t: virtual nanoseconds.
        server: where it happened, -1 for the scenario.
        incarnation: which of the server's lives it is, from 1.
        step: the number of the world's step to which it belongs, 0 for none.
        cause: the row that led to this step, 0 for a time-out.
    """

    n: int
    t: int
    server: int = SCENARIO
    incarnation: int = 0
    step: int = 0
    cause: int = 0


# The scenario.


@final
class Scenario(Row, frozen=True, kw_only=True):
    """The test has come to another line."""

    line: int
    text: str


@final
class Control(Row, frozen=True, kw_only=True):
    """The scenario did something to the world, as in `crash 2`.

    Attributes:
        verb: `start`, `crash`, `pause`, `resume`, `connect`, `disconnect`, …
        args: what it was done with.
        line: of the test, 0 if it is none.
    """

    verb: str
    args: list[Any] = []
    line: int = 0


# A server's life.


@final
class Boot(Row, frozen=True, kw_only=True):
    """An incarnation begins; the sizes are those of what its disk holds."""

    raft_state: int = 0
    snapshot: int = 0


@final
class Changed(Row, frozen=True, kw_only=True):
    """Attributes of the server's object have changed in this step, each as text.

    An attribute that is gone is "(gone)".
    """

    fields: dict[str, str]


@final
class Reported(Row, frozen=True, kw_only=True):
    """`get_state` or `start` returned another term or role than before."""

    term: int
    leads: bool


@final
class Proposed(Row, frozen=True, kw_only=True):
    """`start(command)` returned; with `leads`, the command is at `index`.

    Attributes:
        asked_t: when it was called.
        line: of the test, 0 if it is none.
    """

    command: Value
    index: int
    term: int
    leads: bool
    asked_t: int
    line: int = 0


@final
class Snapshotted(Row, frozen=True, kw_only=True):
    """The service called `snapshot(index, …)`."""

    index: Any
    bytes: int


@final
class Applied(Row, frozen=True, kw_only=True):
    """A command was put on the apply channel."""

    index: Any
    command: Value


@final
class AppliedSnapshot(Row, frozen=True, kw_only=True):
    """A snapshot was put on the apply channel."""

    index: Any
    term: Any
    bytes: int


@final
class Saved(Row, frozen=True, kw_only=True):
    """The disk was written: how many bytes, and a digest of both together."""

    raft_state: int
    snapshot: int
    digest: str


@final
class Printed(Row, frozen=True, kw_only=True):
    """A line was printed."""

    line: str


@final
class Annotated(Row, frozen=True, kw_only=True):
    """The server called `labrpc.annotate(text)`."""

    text: str


@final
class Warned(Row, frozen=True, kw_only=True):
    """A likely mistake that breaks no rule."""

    code: str
    text: str


@final
class Broke(Row, frozen=True, kw_only=True):
    """The submission broke: an exception, a deadlock, a loop without end."""

    code: str
    headline: str
    evidence: str = ""


# Operations of a service: `submit` of a server, `get` and `put` of a client.


@final
class Called(Row, frozen=True, kw_only=True):
    """The lab calls an operation.

    Attributes:
        operation: its number, from 1.
    """

    operation: int
    method: str
    args: list[Value]


@final
class Returned(Row, frozen=True, kw_only=True):
    """An operation has returned `value`."""

    operation: int
    method: str
    value: Value


# Messages. `server` is where it happened; `peer` is the other one.


@final
class Sent(Row, frozen=True, kw_only=True):
    """A request has left `server` for `peer`.

    Attributes:
        size: of the encoded arguments, in bytes.
    """

    rpc: int
    peer: int
    method: str
    body: Value
    size: int


@final
class Arrived(Row, frozen=True, kw_only=True):
    """A request has reached `server`; `peer` sent it."""

    rpc: int
    peer: int
    method: str
    copy: bool = False


@final
class Replied(Row, frozen=True, kw_only=True):
    """The handler on `server` has returned, and its reply to `peer` leaves."""

    rpc: int
    peer: int
    method: str
    body: Value
    size: int
    copy: bool = False


@final
class ReplyArrived(Row, frozen=True, kw_only=True):
    """The reply of `peer` has reached `server`, which called."""

    rpc: int
    peer: int
    method: str
    copy: bool = False


@final
class Lost(Row, frozen=True, kw_only=True):
    """A message is gone: the request from `peer`, or the reply from it.

    Attributes:
        server: to which it was addressed.
        why: one of `labrpc.world.rpc.Loss`, in words.
        reply: whether the handler had replied.
    """

    rpc: int
    peer: int
    method: str
    why: str
    reply: bool = False
    copy: bool = False


@final
class NoReply(Row, frozen=True, kw_only=True):
    """`call` of `server` returns None: the request to `peer`, or its reply, was lost."""

    rpc: int
    peer: int
    method: str


AnyRow = (
    Scenario | Control | Boot | Changed | Reported | Proposed | Snapshotted | Applied
    | AppliedSnapshot | Saved | Printed | Annotated | Warned | Broke | Called | Returned
    | Sent | Arrived | Replied | ReplyArrived | Lost | NoReply
)  # fmt: skip
Message = Sent | Arrived | Replied | ReplyArrived | Lost | NoReply


class FactRow(msgspec.Struct, kw_only=True, frozen=True):
    """One of the facts that contradict each other: where, when, and in words."""

    server: int
    t: int
    text: str


@final
class Dropped(msgspec.Struct, kw_only=True, frozen=True):
    """The second line of a trace that has grown too long: the oldest rows are gone.

    Attributes:
        dropped: how many.
        until_t: the virtual nanoseconds up to which they are gone.
    """

    dropped: int
    until_t: int


@final
class End(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The last line: what came of the run.

    Attributes:
        facts: those that contradict each other, the earliest first.
        t: virtual nanoseconds at its end.
    """

    verdict: str
    code: str = ""
    reason: str = ""
    evidence: str = ""
    facts: list[FactRow] = []
    t: int = 0
    steps: int = 0
    digest: str = ""
