"""The contract between the lab and a student's server: all a student imports.

A submission is a package `raft` with a class `Raft`:

    class Raft:
        def __init__(self, peers, me, persister, apply_ch): ...
        def get_state(self) -> tuple[int, bool]: ...
        def start(self, command) -> tuple[int, int, bool]: ...
        def snapshot(self, index, snapshot) -> None: ...
        def kill(self) -> None: ...            # optional

docs/contract.md says what each of them must do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ApplyMsg:
    """One message on the apply channel: a command, or a snapshot.

    Exactly one of `command_valid` and `snapshot_valid` is true. Indices
    start at 1. `snapshot_term` is the term of the entry at `snapshot_index`.
    """

    command_valid: bool = False
    command: Any = None
    command_index: int = 0
    snapshot_valid: bool = False
    snapshot: bytes = b""
    snapshot_index: int = 0
    snapshot_term: int = 0


def annotate(text: str) -> None:
    """Show a remark at this moment of this server in the trace and the picture of a run.

    It changes nothing in the run, and belongs to no digest. Outside of the lab, as in
    tests of your own, it does nothing.
    """


class ClientEnd(Protocol):
    """A peer, as seen from one server."""

    def call(self, method: str, args: Any) -> Any:
        """Call a method of the peer's `Raft` and return what it returned.

        `call("Raft.request_vote", args)` runs `request_vote(args)` there.
        Anything that can be pickled may be sent; the peer gets a copy.
        Blocks this thread only. Returns None when the request or the reply
        was lost, which the caller cannot tell apart.
        """

    async def acall(self, method: str, args: Any) -> Any:
        """Do the same for `asyncio`: only the task that awaits it waits.

        When it is cancelled, the reply is dropped.
        """


class Persister(Protocol):
    """What survives a crash: the Raft state and the service's snapshot."""

    def save(self, raft_state: bytes, snapshot: bytes | None) -> None:
        """Replace both, atomically; None stands for no snapshot."""

    def read_raft_state(self) -> bytes:
        """Return what was saved last, `b""` if nothing ever was."""

    def read_snapshot(self) -> bytes:
        """Return the snapshot that was saved last, `b""` if there is none."""


class ApplyChannel(Protocol):
    """The unbuffered channel to the service above Raft."""

    def put(self, message: ApplyMsg) -> None:
        """Hand the message over; blocks until the service has taken it.

        The service may call `snapshot` before it takes the next message, so
        a lock that `snapshot` needs must not be held here.
        """

    async def aput(self, message: ApplyMsg) -> None:
        """Do the same for `asyncio`: only the task that awaits it waits.

        The service gets the message also if this is cancelled.
        """


class RaftServer(Protocol):
    """What the lab calls on a student's `Raft`; no need to inherit from it."""

    def __init__(
        self,
        peers: Sequence[ClientEnd],
        me: int,
        persister: Persister,
        apply_ch: ApplyChannel,
    ) -> None:
        """Recover from `persister`, start the background threads, and return."""

    def get_state(self) -> tuple[int, bool]:
        """Return the current term, and whether this server believes it leads."""

    def start(self, command: Any) -> tuple[int, int, bool]:
        """Begin agreement on `command`, and return at once.

        Returns the index at which it would be committed, the current term,
        and whether this server leads. A server that does not lead refuses.
        """

    def snapshot(self, index: int, snapshot: bytes) -> None:
        """Forget the log up to `index`: the service has it all in `snapshot`."""
