"""The contract's objects as a server holds them: peers, persister, apply channel.

Each turns a call into an action of the box, and waits where the contract
says that it blocks.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from labrpc.box.encoding import Codec
from labrpc.box.outbox import Outbox
from labrpc.box.pending import Pending
from labrpc.contract import ApplyMsg
from labrpc.plain_values import plain_copy
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Scheduler
from labrpc.simulated.box_loops import BoxLoops
from labrpc.world.events import Apply, Call, Persist

_fields_of: Callable[[ApplyMsg], tuple[Any, ...]] = attrgetter(
    *ApplyMsg.__dataclass_fields__
)


class PeerEnd:
    """A peer, as seen from one server (`labrpc.ClientEnd`)."""

    __slots__ = ("_calls", "_codec", "_loops", "_peer")

    def __init__(
        self, calls: Pending, codec: Codec, loops: BoxLoops, peer: int
    ) -> None:
        self._calls = calls
        self._codec = codec
        self._loops = loops
        self._peer = peer

    def call(self, method: str, args: Any) -> Any:
        """Call `method` on the peer; None when the RPC was lost."""
        if type(method) is not str:
            _check_method(method, "peer.call")
        if self._loops.running:
            refuse_on_loop(self._loops, "peer.call", "peer.acall")
        data = self._codec.encode(args)
        call_id = self._calls.next_number()
        call = Call(call_id, self._peer, method, data)
        reply = self._calls.wait(call_id, call, (method, self._peer))
        return None if reply is None else self._codec.decode(reply)

    async def acall(self, method: str, args: Any) -> Any:
        """Call `method` on the peer; only the current `asyncio` task waits."""
        _check_method(method, "peer.acall")
        data = self._codec.encode(args)
        call_id = self._calls.next_number()
        call = Call(call_id, self._peer, method, data)
        reply: bytes | None = await self._calls.wait_async(call_id, call)
        return None if reply is None else self._codec.decode(reply)

    def __repr__(self) -> str:
        """Return which server this end leads to."""
        return f"<ClientEnd to server {self._peer}>"


class PersisterEnd:
    """What survives a crash (`labrpc.Persister`).

    Attributes:
        save_ns: how long a save takes; 0 for no time at all.
    """

    def __init__(self, outbox: Outbox, scheduler: Scheduler) -> None:
        self.save_ns = 0
        self._outbox = outbox
        self._scheduler = scheduler
        self._raft_state = b""
        self._snapshot = b""

    def restore(self, raft_state: bytes, snapshot: bytes) -> None:
        """Take over what an earlier incarnation has saved."""
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
        saved = Persist(bytes(raft_state), bytes(snapshot or b""))
        if self.save_ns:
            # A crash meanwhile finds what was there before.
            self._scheduler.sleep(self.save_ns, "the disk")
        self._raft_state = saved.raft_state
        self._snapshot = saved.snapshot
        self._outbox.actions.append(saved)

    def read_raft_state(self) -> bytes:
        """Return the state saved last, `b""` if none ever was."""
        return self._raft_state

    def read_snapshot(self) -> bytes:
        """Return the snapshot saved last, `b""` if there is none."""
        return self._snapshot


class ApplyEnd:
    """The unbuffered channel to the service (`labrpc.ApplyChannel`)."""

    carried = "the ApplyMsg"

    def __init__(self, puts: Pending, loops: BoxLoops) -> None:
        self._puts = puts
        self._loops = loops

    def put(self, message: ApplyMsg) -> None:
        """Hand a message to the service; blocks until it has been taken."""
        if self._loops.running:
            refuse_on_loop(self._loops, "apply_ch.put", "apply_ch.aput")
        apply = self._apply(message, "put")
        self._puts.wait(apply.put_id, apply, PUT)

    async def aput(self, message: ApplyMsg) -> None:
        """Hand a message to the service; only the current `asyncio` task waits."""
        apply = self._apply(message, "aput")
        await self._puts.wait_async(apply.put_id, apply)

    def _apply(self, message: ApplyMsg, verb: str) -> Apply:
        if not isinstance(message, ApplyMsg):
            raise TypeError(
                f"apply_ch.{verb} takes an ApplyMsg, not a {type(message).__name__}"
            )
        fields = plain_copy(_fields_of(message), self.carried)
        return Apply(self._puts.next_number(), fields)


class _Put:
    """What a thread waits for in `ApplyEnd.put`."""

    def describe_wait(self) -> str:
        """Return what the service still has to do, for a report."""
        return "the service to take an ApplyMsg (apply_ch.put)"


PUT = _Put()


def _check_method(method: object, what: str) -> None:
    if type(method) is not str:
        raise TypeError(f"{what} takes a method's name, not a {type(method).__name__}")


def refuse_on_loop(loops: BoxLoops, blocking: str, instead: str) -> None:
    """Raise RuntimeError in a thread that runs an event loop, which must not block."""
    if getcurrent() in loops.running:
        raise RuntimeError(
            f"{blocking} would block the event loop: use `await {instead}(…)`"
        )
