"""RPCs as observers see them: one identity from send to end, and why one is lost.

Made only while somebody observes messages: see `observer` and `message_reports`.
"""

from enum import StrEnum
from typing import Protocol

import msgspec


class Incarnation(Protocol):
    """One life of a server, from start to crash, as observers see it.

    Attributes:
        server: the server's number.
        incarnation: which of its lives this is, from 1.
        up: whether it has not crashed.
    """

    server: int
    incarnation: int
    up: bool

    def state(self) -> dict[str, str]:
        """Return the plain attributes of the server's object, as text."""


class Loss(StrEnum):
    """Why a message did not get through; the values are for reports."""

    REQUEST_LOST = "request lost"
    REPLY_LOST = "reply lost"
    # The link was cut when the request or the reply was sent, or while the handler ran.
    CUT_OFF = "cut off"
    # No incarnation of the receiver had started when the request was sent.
    RECEIVER_DOWN = "receiver down"
    # The receiver crashed before the request arrived, or before the handler returned.
    RECEIVER_CRASHED = "receiver crashed meanwhile"
    # The caller crashed before the reply was sent, or before it arrived.
    CALLER_GONE = "caller gone"


class Rpc(msgspec.Struct, frozen=True, eq=False):
    """One RPC: the same object from send to end.

    Attributes:
        number: counts the observed RPCs of a world, from 1.
        caller: the incarnation that called.
        call_id: the number of the call within the caller.
        dst: the server that was called.
        method: the name that was called.
    """

    number: int
    caller: Incarnation
    call_id: int
    dst: int
    method: str


class Delivery(msgspec.Struct, frozen=True, eq=False):
    """One copy of an RPC's request on its way, and the reply to it.

    Attributes:
        rpc: the RPC.
        request_id: the number of the request, unique in a world; 0 if it was lost at
            once.
        receiver: the incarnation to which it is addressed; None if there is none.
        copy: whether it is a duplicate that the network has made.
    """

    rpc: Rpc
    request_id: int = 0
    receiver: Incarnation | None = None
    copy: bool = False
