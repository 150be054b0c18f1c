"""The state of a whole world: its servers' states, and the messages between them.

Two worlds that are equal are in one state, whatever led there, since a server's state
stands for all that it was given: nothing depends any more on the order in which steps
of different servers were taken.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from tester.search.choices import MessageName
from tester.search.server_state import Answer, Arrival, ServerState


class Message:
    """A request on its way, or the reply to one; equal ones are the same object.

    Attributes:
        number: counts the messages of a search, in the order of finding.
        src: the server that has sent it.
        dst: the server that it is for.
        method: the method that its RPC calls.
        reply: whether it is a reply.
        data: what it carries; None in a reply if the call has failed.
        caller: the incarnation of the server that has called.
        call_id: the number of the call in that incarnation.
        of_client: whether it comes from a client or goes to one.
        rank: where it stands among the messages in flight.
        kind: what those have in common that only their order tells apart.
        name: what a choice calls it if it is the first of its kind.
        given: what its receiver is given when it arrives.
    """

    __slots__ = (
        "call_id", "caller", "data", "dst", "given", "kind", "method", "name", "number",
        "of_client", "rank", "reply", "src",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        of_client: bool,
        src: int,
        dst: int,
        method: str,
        reply: bool,
        data: bytes | None,
        caller: int,
        call_id: int,
    ) -> None:
        self.number = number
        self.of_client = of_client
        self.src = src
        self.dst = dst
        self.method = method
        self.reply = reply
        self.data = data
        self.caller = caller
        self.call_id = call_id
        short = method.rpartition(".")[2]
        self.kind = (src, dst, reply, short)
        self.name = MessageName(src, dst, short, reply)
        self.given: Arrival | Answer = (
            Answer(call_id, data)
            if data is None or reply
            else Arrival(src, method, data)
        )
        self.rank = (*self.kind, caller, call_id, number)


class Messages:
    """All messages of a search: one object for all that are equal.

    Args:
        servers: how many there are; higher numbers are clients'.
    """

    def __init__(self, servers: int) -> None:
        self._servers = servers
        self._known: dict[tuple[Hashable, ...], Message] = {}

    def request(
        self, src: int, dst: int, method: str, data: bytes, caller: int, call_id: int
    ) -> Message:
        """Return a request."""
        return self._get(src, dst, method, False, data, caller, call_id)

    def reply_to(self, request: Message, data: bytes | None) -> Message:
        """Return the reply to a request; with None, the call has failed."""
        return self._get(
            request.dst,
            request.src,
            request.method,
            True,
            data,
            request.caller,
            request.call_id,
        )

    def renumbered(self, message: Message, call_id: int) -> Message:
        """Return a message that belongs to another call of the same server."""
        if message.call_id == call_id:
            return message
        return self._get(
            message.src,
            message.dst,
            message.method,
            message.reply,
            message.data,
            message.caller,
            call_id,
        )

    def _get(self, *fields: Any) -> Message:
        message = self._known.get(fields)
        if message is None:
            of_client = max(fields[:2]) >= self._servers
            number = len(self._known) + 1
            message = Message(number, of_client, *fields)
            self._known[fields] = message
        return message


class Past(NamedTuple):
    """What a server's earlier incarnations have shown, that oracles may hold against it.

    Attributes:
        led: the terms in which they led.
        applied: the longest list of commands that one of them has applied.
        term: the highest term that one of them has reported.
    """

    led: tuple[int, ...] = ()
    applied: tuple[Any, ...] = ()
    term: int = -1

    def with_life(self, state: ServerState) -> "Past":
        """Return the past to which an incarnation belongs that ends in this state."""
        return Past(
            tuple(sorted({*self.led, *state.led})),
            max(self.applied, state.applied, key=len),
            max(self.term, state.term),
        )


class Spent(NamedTuple):
    """How many choices of each kind have been taken, of those that are budgeted."""

    time_outs: int = 0
    crashes: int = 0
    losses: int = 0
    copies: int = 0
    commands: int = 0


class OpenRequest(NamedTuple):
    """A request whose handler has not returned."""

    server: int
    request_id: int
    message: Message


def find_open(
    open_requests: Iterable[OpenRequest], server: int, request_id: int
) -> OpenRequest | None:
    """Return a server's open request of a number, None if it is open no more."""
    for request in open_requests:
        if request.server == server and request.request_id == request_id:
            return request
    return None


class WorldState(NamedTuple):
    """The state of a world.

    Servers' states and messages are compared by identity, so two equal states of a search
    are one state.

    Attributes:
        servers: each server's state, and after them each client's.
        pasts: what each one's earlier incarnations have shown.
        in_flight: the messages on their way, in the order of their ranks.
        open: the requests whose handlers have not returned.
        cut: the servers that no message of another server reaches.
        spent: the budgeted choices that led here.
    """

    servers: tuple[ServerState, ...]
    pasts: tuple[Past, ...]
    in_flight: tuple[Message, ...]
    open: tuple[OpenRequest, ...]
    cut: tuple[int, ...]
    spent: Spent

    def leads_latest(self, server: int, without: Collection[int] = ()) -> bool:
        """Return whether a server leads in the highest term that any has.

        Args:
            server: its number.
            without: servers whose terms do not count.
        """
        at = self.servers[server]
        return at.leads and at.term == max(
            other.term for other in self.servers if other.server not in without
        )

    def reachable(self, message: Message) -> bool:
        """Return whether a message can be delivered: neither end is cut off."""
        if not self.cut or message.of_client:
            return True
        return message.src not in self.cut and message.dst not in self.cut

    def find(self, name: MessageName) -> Message | None:
        """Return the message in flight that a choice names, None if there is none."""
        kind = (name.src, name.dst, name.reply, name.method)
        alike = [message for message in self.in_flight if message.kind == kind]
        return alike[name.nth - 1] if name.nth <= len(alike) else None

    def reply_to(self, request: Message) -> Message | None:
        """Return the reply to a request that is in flight, None if there is none."""
        call = call_of(request)
        for message in self.in_flight:
            if message.reply and call_of(message) == call:
                return message
        return None

    def name_of(self, message: Message) -> MessageName:
        """Return what a choice calls a message in flight."""
        nth = 1
        for other in self.in_flight:
            if other is message:
                break
            if other.kind == message.kind:
                nth += 1
        return message.name if nth == 1 else _nth(message.name, nth)

    def named_messages(self) -> list[tuple[MessageName, Message]]:
        """Return each distinct message in flight with its name."""
        named: list[tuple[MessageName, Message]] = []
        before: Message | None = None
        nth = 1
        for message in self.in_flight:
            if before is not None and before.kind == message.kind:
                nth += 1
                if message is not before:
                    named.append((_nth(message.name, nth), message))
            else:
                nth = 1
                named.append((message.name, message))
            before = message
        return named


def _nth(name: MessageName, nth: int) -> MessageName:
    return MessageName(name.src, name.dst, name.method, name.reply, nth)


def call_of(message: Message) -> tuple[int, int, int]:
    """Return the call of a message: the server, which of its lives, and the number."""
    caller = message.dst if message.reply else message.src
    return caller, message.caller, message.call_id


_RANK = attrgetter("rank")


def with_messages(
    in_flight: Sequence[Message], added: Iterable[Message]
) -> tuple[Message, ...]:
    """Return the messages in flight, with some more."""
    return tuple(sorted([*in_flight, *added], key=_RANK))


def without_message(
    in_flight: tuple[Message, ...], message: Message
) -> tuple[Message, ...]:
    """Return the messages in flight, without one copy of this one."""
    at = in_flight.index(message)
    return in_flight[:at] + in_flight[at + 1 :]


def compared_servers(state: WorldState) -> list[tuple[bool, int, int, int]]:
    """Return how each server compares with the others.

    That is whether it leads, and its rank by term, by size of what it saved, and by how
    much it has applied; equal servers share a rank.
    """
    terms = sorted({server.term for server in state.servers})
    sizes = sorted({len(server.raft_state) for server in state.servers})
    applied = sorted({len(server.applied) for server in state.servers})
    return [
        (
            server.leads,
            terms.index(server.term),
            sizes.index(len(server.raft_state)),
            applied.index(len(server.applied)),
        )
        for server in state.servers
    ]
