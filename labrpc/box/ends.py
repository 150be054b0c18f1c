"""The contract's objects as a server holds them: peers, persister, apply channel.

Each turns a call into an action of the box, and waits where the contract
says that it blocks.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Protocol

from labrpc.box.async_server import Awaited
from labrpc.box.encoding import Codec
from labrpc.contract import ApplyMsg
from labrpc.plain_values import plain_copy
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Scheduler, Task
from labrpc.simulated.event_loop import BoxLoops
from labrpc.world.events import Action, Apply, Call, Persist

_fields_of: Callable[[ApplyMsg], tuple[Any, ...]] = attrgetter(
    *ApplyMsg.__dataclass_fields__
)


class EndsBox(Protocol):
    """What the ends use of their box."""

    scheduler: Scheduler
    codec: Codec
    actions: list[Action]
    next_call_id: Callable[[], int]
    pending_calls: dict[int, Task]
    pending_puts: dict[int, Task]
    awaited_calls: Awaited
    awaited_puts: Awaited
    loops: BoxLoops

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
        if type(method) is not str:
            _check_method(method, "peer.call")
        box = self._box
        if box.loops.running:
            _refuse_on_loop(box, "peer.call", "peer.acall")
        data = box.codec.encode(args)
        call_id = box.next_call_id()
        # In this order: on real threads, the response may come at once.
        box.pending_calls[call_id] = getcurrent()
        box.actions.append(Call(call_id, self._peer, method, data))
        reply: bytes | None = box.scheduler.park((method, self._peer))
        return None if reply is None else box.codec.decode(reply)

    async def acall(self, method: str, args: Any) -> Any:
        """Call `method` on the peer; only the current `asyncio` task waits."""
        _check_method(method, "peer.acall")
        box = self._box
        data = box.codec.encode(args)
        call_id = box.next_call_id()
        call = Call(call_id, self._peer, method, data)
        reply: bytes | None = await box.awaited_calls.answer(call_id, call)
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
        box = self._box
        if box.loops.running:
            _refuse_on_loop(box, "apply_ch.put", "apply_ch.aput")
        apply = self._apply(message, "put")
        box.pending_puts[apply.put_id] = getcurrent()
        box.actions.append(apply)
        box.scheduler.park(PUT)

    async def aput(self, message: ApplyMsg) -> None:
        """Hand a message to the service; only the current `asyncio` task waits."""
        apply = self._apply(message, "aput")
        await self._box.awaited_puts.answer(apply.put_id, apply)

    def _apply(self, message: ApplyMsg, verb: str) -> Apply:
        if not isinstance(message, ApplyMsg):
            raise TypeError(
                f"apply_ch.{verb} takes an ApplyMsg, not a {type(message).__name__}"
            )
        fields = plain_copy(_fields_of(message), "the ApplyMsg")
        return Apply(self._box.next_serial("put"), fields)


class _Put:
    """What a thread waits for in `ApplyEnd.put`."""

    def describe_wait(self) -> str:
        """Return what the service still has to do, for a report."""
        return "the service to take an ApplyMsg (apply_ch.put)"


PUT = _Put()


def _check_method(method: object, what: str) -> None:
    if type(method) is not str:
        raise TypeError(f"{what} takes a method's name, not a {type(method).__name__}")


def _refuse_on_loop(box: EndsBox, blocking: str, instead: str) -> None:
    """Raise RuntimeError in a thread that runs an event loop, which must not block."""
    if getcurrent() in box.loops.running:
        raise RuntimeError(
            f"{blocking} would block the event loop: use `await {instead}(…)`"
        )
