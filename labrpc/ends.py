"""The contract's objects as a server holds them: peers, persister, apply channel.

Each turns a call into an action of the box, and waits where the contract
says that it blocks.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Protocol

from labrpc.contract import ApplyMsg
from labrpc.encoding import Codec
from labrpc.events import Action, Apply, Call, Persist
from labrpc.plain import plain_copy
from labrpc.threads import Scheduler, Task, getcurrent

_fields_of: Callable[[ApplyMsg], tuple[Any, ...]] = attrgetter(
    *ApplyMsg.__dataclass_fields__
)


class EndsBox(Protocol):
    """What the ends use of their box."""

    scheduler: Scheduler
    codec: Codec
    actions: list[Action]
    calls_made: int
    pending_calls: dict[int, Task]
    pending_puts: dict[int, Task]

    def next_serial(self, kind: str) -> int:
        """Return 1, 2, 3, … for each `kind`."""


class PeerEnd:
    """A peer, as seen from one server (`labrpc.ClientEnd`)."""

    __slots__ = ("_box", "_peer")

    def __init__(self, box: EndsBox, peer: int) -> None:
        self._box = box
        self._peer = peer

    def call(self, method: str, args: Any) -> Any:
        """Call `method` on the peer; None when the RPC was lost."""
        box = self._box
        data = box.codec.encode(args)
        box.calls_made = call_id = box.calls_made + 1
        box.actions.append(Call(call_id, self._peer, method, data))
        box.pending_calls[call_id] = getcurrent()
        reply: bytes | None = box.scheduler.park((method, self._peer))
        return None if reply is None else box.codec.decode(reply)

    def __repr__(self) -> str:
        """Return which server this end leads to."""
        return f"<ClientEnd to server {self._peer}>"


class PersisterEnd:
    """What survives a crash (`labrpc.Persister`)."""

    def __init__(self, box: EndsBox, raft_state: bytes, snapshot: bytes) -> None:
        self._box = box
        self._raft_state = raft_state
        self._snapshot = snapshot

    def save(self, raft_state: bytes, snapshot: bytes | None = None) -> None:
        """Replace the saved state and snapshot, atomically."""
        for name, value in (("raft_state", raft_state), ("snapshot", snapshot or b"")):
            if not isinstance(value, (bytes, bytearray)):
                raise TypeError(
                    f"persister.save takes bytes; {name} is a {type(value).__name__} "
                    "(pickle.dumps makes bytes of it)"
                )
        self._raft_state = bytes(raft_state)
        self._snapshot = bytes(snapshot or b"")
        self._box.actions.append(Persist(self._raft_state, self._snapshot))

    def read_raft_state(self) -> bytes:
        """Return the state saved last, `b""` if none ever was."""
        return self._raft_state

    def read_snapshot(self) -> bytes:
        """Return the snapshot saved last, `b""` if there is none."""
        return self._snapshot


class ApplyEnd:
    """The unbuffered channel to the service (`labrpc.ApplyChannel`)."""

    def __init__(self, box: EndsBox) -> None:
        self._box = box

    def put(self, message: ApplyMsg) -> None:
        """Hand a message to the service; blocks until it has been taken."""
        if not isinstance(message, ApplyMsg):
            raise TypeError(
                f"apply_ch.put takes an ApplyMsg, not a {type(message).__name__}"
            )
        box = self._box
        fields = plain_copy(_fields_of(message), "the ApplyMsg")
        put_id = box.next_serial("put")
        box.actions.append(Apply(put_id, fields))
        box.pending_puts[put_id] = getcurrent()
        box.scheduler.park(PUT)


class _Put:
    """What a thread waits for in `ApplyEnd.put`."""

    def describe_wait(self) -> str:
        """Return what the service still has to do, for a report."""
        return "the service to take an ApplyMsg (apply_ch.put)"


PUT = _Put()
