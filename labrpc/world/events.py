"""Events and actions: all that enters a box and leaves it, a server's whole history.

Every field is plain: numbers, text, bytes, and lists or dictionaries of
them. So an event can cross to another process, and a recorded run can be
read without the submission. Imports nothing of the lab's.
"""

from typing import Any, Literal

import msgspec

PlaceKind = Literal["lock", "begin", "statement"]
"""The kinds of places where a thread may be preempted."""


class _Frame(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """An immutable record that msgspec can also write as bytes."""


# Events: what the world delivers to a box.


class Boot(_Frame, frozen=True):
    """The first event of an incarnation: load the submission and construct it.

    Answered by `Ready` when the constructor has returned.
    """

    servers: int
    raft_state: bytes
    snapshot: bytes


class Request(_Frame, frozen=True):
    """An RPC has arrived; answer it with `Reply(request_id, …)`."""

    request_id: int
    src: int
    method: str
    data: bytes


class Response(_Frame, frozen=True):
    """An RPC of this box has ended; `data` is None when it was lost."""

    call_id: int
    data: bytes | None


class Invoke(_Frame, frozen=True):
    """The service calls a method of the server; answered by `Result`."""

    invoke_id: int
    method: str
    args: tuple[Any, ...]


class Taken(_Frame, frozen=True):
    """The service has taken the applied message `put_id`."""

    put_id: int


class SaveTime(_Frame, frozen=True):
    """From now on, the thread that saves waits this long for each save."""

    save_ns: int


class Preempt(_Frame, frozen=True):
    """From now on, threads are preempted at one place, and at no other.

    That place is the `nth` of its kind from now on, from 1: a lock has been released or
    is about to be taken, a thread begins, or a statement is about to be executed. With
    0, there is none. The thread stays away for `away_ns`.
    """

    nth: int
    place: PlaceKind = "lock"
    away_ns: int = 0


class Wake(_Frame, frozen=True):
    """The moment that the box asked to be woken at has come."""


# Actions: what a box did during one step, in order.


class Ready(_Frame, frozen=True):
    """The constructor has returned: the server may be called from now on."""


class Call(_Frame, frozen=True):
    """Send an RPC to server `dst`; a `Response(call_id, …)` will follow."""

    call_id: int
    dst: int
    method: str
    data: bytes


class Reply(_Frame, frozen=True):
    """What the handler returned, for `Request(request_id, …)`."""

    request_id: int
    data: bytes


class Result(_Frame, frozen=True):
    """What an invoked method returned."""

    invoke_id: int
    value: Any


class Apply(_Frame, frozen=True):
    """A message for the service: the field values of the message, in order."""

    put_id: int
    message: tuple[Any, ...]


class Persist(_Frame, frozen=True):
    """Replace what the disk holds, both at once."""

    raft_state: bytes
    snapshot: bytes


class Log(_Frame, frozen=True):
    """A line that the server printed or logged, at its own virtual time.

    With `annotates` it came from `labrpc.annotate`, and only a recorder wants it.
    """

    time_ns: int
    line: str
    annotates: bool = False


class Warn(_Frame, frozen=True):
    """A likely mistake that breaks no rule; once per place.

    `code` names one of `labrpc.codes`.
    """

    code: str
    text: str


class Crash(_Frame, frozen=True):
    """The submission broke: an exception, a deadlock, a loop without end.

    `code` names one of `labrpc.codes`.
    """

    code: str
    headline: str
    evidence: str


Event = Boot | Request | Response | Invoke | Taken | SaveTime | Preempt | Wake
Action = Ready | Call | Reply | Result | Apply | Persist | Log | Warn | Crash
