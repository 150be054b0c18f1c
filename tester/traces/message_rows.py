"""Following each message of a run, and writing what becomes of it.

The world names a call by its number within the caller, and a request by a number within
the world. Here both are one RPC from send to end.
"""

from typing import Any, NamedTuple

from labrpc.world.events import Call, Reply, Request, Response
from labrpc.world.rpc import Delivery, Incarnation, Loss
from tester.traces import rows
from tester.traces.marshalled import FieldNames
from tester.traces.payload import read_message
from tester.traces.trace_file import TraceFile
from tester.traces.values import Value

# Heartbeats are alike: what was read of the last messages is kept.
_MESSAGES_KEPT = 512

Life = tuple[int, int]
"""A server's number, and which of its lives it is."""


def life(host: Incarnation) -> Life:
    """Return which life of which server an incarnation is."""
    return host.server, host.incarnation


class _Rpc(NamedTuple):
    """A request that has left: its number, its row, and whose it is."""

    number: int
    row: int
    caller: int
    dst: int
    method: str

    def seen_from(self, server: int) -> dict[str, Any]:
        """Return the fields of a row about it, at one of its two ends."""
        peer = self.dst if server == self.caller else self.caller
        return {
            "server": server,
            "peer": peer,
            "rpc": self.number,
            "method": self.method,
        }


class _Delivery:
    """A request that has arrived: at which row, and at which its reply left."""

    def __init__(self, rpc: _Rpc, arrived: int, copy: bool) -> None:
        self.rpc = rpc
        self.arrived = arrived
        self.copy = copy
        self.replied = 0


class MessageRows:
    """Writes the rows of messages.

    Args:
        out: where to.
        field_names: the names of the fields of the submission's classes.
    """

    def __init__(self, out: TraceFile, field_names: FieldNames) -> None:
        self._out = out
        self._field_names = field_names
        self._count = 0
        self._read: dict[bytes, Value] = {}
        self._rpcs: dict[tuple[Life, int], _Rpc] = {}
        # By the receiver's life, and the number that the request has there.
        self._deliveries: dict[tuple[Life, int], _Delivery] = {}
        # Per call, the row at which its reply arrived, or was lost.
        self._settled: dict[tuple[Life, int], int] = {}

    # What a server does. `where` has the fields that all rows of its step share.

    def sent(self, host: Incarnation, call: Call, where: dict[str, Any]) -> None:
        """Write that a request leaves."""
        self._count += 1
        method = call.method.rpartition(".")[2]
        row = self._out.add(
            rows.Sent,
            **where,
            rpc=self._count,
            peer=call.dst,
            method=method,
            body=self._message(call.data),
            size=len(call.data),
        )
        rpc = _Rpc(self._count, row, host.server, call.dst, method)
        self._rpcs[life(host), call.call_id] = rpc

    def replied(self, reply: Reply, where: dict[str, Any]) -> None:
        """Write that a handler has returned."""
        receiver = where["server"], where["incarnation"]
        delivery = self._deliveries.get((receiver, reply.request_id))
        if delivery is not None:
            delivery.replied = self._out.add(
                rows.Replied,
                **where | delivery.rpc.seen_from(where["server"]),
                copy=delivery.copy,
                body=self._message(reply.data),
                size=len(reply.data),
            )

    def no_reply(
        self, host: Incarnation, event: Response, where: dict[str, Any]
    ) -> None:
        """Write that a caller learns of a loss."""
        rpc = self._rpcs.get((life(host), event.call_id))
        if rpc is not None:
            self._out.add(rows.NoReply, **where | rpc.seen_from(host.server))

    # What led to a step.

    def cause_of_request(self, host: Incarnation, event: Request) -> int:
        """Return the row at which a request arrived."""
        delivery = self._deliveries.get((life(host), event.request_id))
        return delivery.arrived if delivery is not None else 0

    def cause_of_response(self, host: Incarnation, event: Response) -> int:
        """Return the row at which a reply arrived, or was lost."""
        return self._settled.pop((life(host), event.call_id), 0)

    # What becomes of messages on their way.

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Write that a request has reached its receiver."""
        rpc = self._rpcs[_call(delivery)]
        row = self._out.add(
            rows.Arrived,
            t=now_ns,
            cause=rpc.row,
            copy=delivery.copy,
            **rpc.seen_from(rpc.dst),
        )
        receipt = _receipt(delivery)
        if receipt is not None:
            self._deliveries[receipt] = _Delivery(rpc, row, delivery.copy)

    def reply_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Write that a reply has reached the caller."""
        rpc = self._rpcs[_call(delivery)]
        self._settled[_call(delivery)] = self._out.add(
            rows.ReplyArrived,
            t=now_ns,
            cause=self._take_replied(delivery),
            copy=delivery.copy,
            **rpc.seen_from(rpc.caller),
        )

    def lost(self, now_ns: int, delivery: Delivery, why: Loss) -> None:
        """Write that a request or a reply is gone."""
        rpc = self._rpcs[_call(delivery)]
        replied = self._take_replied(delivery)
        self._settled[_call(delivery)] = self._out.add(
            rows.Lost,
            t=now_ns,
            cause=replied or rpc.row,
            copy=delivery.copy,
            why=str(why),
            reply=bool(replied),
            **rpc.seen_from(rpc.caller if replied else rpc.dst),
        )

    def _take_replied(self, delivery: Delivery) -> int:
        """Return the row at which the reply left; the delivery has come to its end."""
        receipt = _receipt(delivery)
        found = None if receipt is None else self._deliveries.pop(receipt, None)
        return found.replied if found is not None else 0

    def _message(self, data: bytes) -> Value:
        known = self._read.get(data)
        if known is None:
            if len(self._read) >= _MESSAGES_KEPT:
                self._read.clear()
            known = self._read[data] = read_message(data, self._field_names)
        return known


def _receipt(delivery: Delivery) -> tuple[Life, int] | None:
    """Return where a request has arrived, and its number there; None if it has not."""
    receiver = delivery.receiver
    return None if receiver is None else (life(receiver), delivery.request_id)


def _call(delivery: Delivery) -> tuple[Life, int]:
    return life(delivery.rpc.caller), delivery.rpc.call_id
