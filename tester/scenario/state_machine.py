"""The state machine above one server: takes what Raft applies, and checks it.

It stands for the service that a Raft carries, such as a key/value store: it takes one
message at a time off the apply channel, and with snapshots on calls `snapshot` after
every tenth command, before it takes the next message.
"""

from typing import Any

import msgspec

from labrpc.clock import MICROSECOND
from labrpc.contract import ApplyMsg
from labrpc.errors import SubmissionError
from labrpc.world.events import Taken
from labrpc.world.host import Host
from labrpc.world.world import World
from tester import codes
from tester.oracles.invariants import Invariants
from tester.text import short

# A message is taken this long after the server has put it on its channel.
TAKE_NS = 10 * MICROSECOND
# 6.824's cadence: after applying an index k with (k + 1) % 10 == 0.
SNAPSHOT_INTERVAL = 10


class StateMachine:
    """What one server has applied in its current incarnation.

    Args:
        world: where the server runs.
        server: its number.
        invariants: checks each command that is applied.
        made: the snapshots made above any server, each with its index.
        snapshots: whether to take snapshots.

    Attributes:
        take_ns: how long a message is left on the apply channel.
        commands: the command applied at each index, also through a snapshot.
        last_applied: the highest of these indices, 0 when there is none.
    """

    def __init__(
        self,
        world: World,
        server: int,
        invariants: Invariants,
        made: dict[bytes, int],
        snapshots: bool,
    ) -> None:
        self._world = world
        self._server = server
        self._invariants = invariants
        self.take_ns = TAKE_NS
        self._made = made
        self._snapshots = snapshots
        self._waiting: list[tuple[Host, int, ApplyMsg]] = []
        self._busy = False
        self._has_applied_nothing = True
        self.commands: dict[int, Any] = {}
        self.last_applied = 0
        saved = world.disks[server].snapshot
        if saved:
            self._restore(saved)

    def offer(self, host: Host, put_id: int, message: tuple[Any, ...]) -> None:
        """Note that the server has put a message on its apply channel."""
        self._waiting.append((host, put_id, ApplyMsg(*message)))
        if not self._busy:
            self._busy = True
            self._world.after(self.take_ns, self._take_next)

    def _take_next(self, _result: Any = None) -> None:
        """Take one message, let the server go on, and apply it."""
        if not self._waiting or not self._waiting[0][0].up:
            self._busy = False
            return
        host, put_id, message = self._waiting.pop(0)
        self._apply(message)
        self._world.step(host, Taken(put_id))
        index = message.command_index
        if (
            self._snapshots
            and message.command_valid
            and (index + 1) % SNAPSHOT_INTERVAL == 0
        ):
            # The next message waits until snapshot() has returned.
            self._world.invoke_then(
                host, self._take_next_later, "snapshot", index, self._snapshot()
            )
        else:
            self._take_next_later()

    def _take_next_later(self, _result: Any = None) -> None:
        if self._waiting:
            self._world.after(self.take_ns, self._take_next)
        else:
            self._busy = False

    def _apply(self, message: ApplyMsg) -> None:
        if message.command_valid and not message.snapshot_valid:
            self._apply_command(message.command_index, message.command)
        elif message.snapshot_valid and not message.command_valid:
            self._apply_snapshot(message)
        else:
            which = "both" if message.command_valid else "neither"
            raise SubmissionError(
                codes.WRONG_APPLY_MSG,
                f"server {self._server} put an ApplyMsg on its apply channel with "
                f"{which} of command_valid and snapshot_valid set",
                "set command_valid for a command, and snapshot_valid for a snapshot",
            )

    def _apply_command(self, index: int, command: Any) -> None:
        if type(index) is not int or index != self.last_applied + 1:
            raise SubmissionError(
                codes.APPLIED_OUT_OF_ORDER,
                f"server {self._server} applied index {short(index)} after index "
                f"{self.last_applied}; the next index is {self.last_applied + 1} "
                "(section 5.3)",
                "each entry is applied once, in the order of the log"
                + (f"\n{self._beginning()}" if self._has_applied_nothing else ""),
            )
        self._invariants.applied(self._server, index, command)
        self._has_applied_nothing = False
        self.commands[index] = command
        self.last_applied = index

    def _beginning(self) -> str:
        """Return from where a server applies that has applied nothing yet."""
        if self.last_applied:
            return (
                f"it started with a saved snapshot up to index {self.last_applied}, and "
                "has to apply from the next index on"
            )
        return "it started without a saved snapshot, and has to apply from index 1 on"

    def _apply_snapshot(self, message: ApplyMsg) -> None:
        index = self._index_of(message.snapshot)
        if index != message.snapshot_index:
            raise SubmissionError(
                codes.WRONG_SNAPSHOT_INDEX,
                f"server {self._server} applied a snapshot with snapshot_index "
                f"{short(message.snapshot_index)}, but the service made it at index {index} "
                "(section 7)",
            )
        if index < self.last_applied:
            raise SubmissionError(
                codes.SNAPSHOT_WENT_BACK,
                f"server {self._server} applied a snapshot of index {index} after index "
                f"{self.last_applied}: its state went back (section 7)",
                "a snapshot that is older than what is applied must be ignored",
            )
        self._has_applied_nothing = False
        self._restore(message.snapshot)

    def _snapshot(self) -> bytes:
        upto = range(1, self.last_applied + 1)
        commands = [self.commands[index] for index in upto]
        try:
            snapshot = msgspec.msgpack.encode((self.last_applied, commands))
        except (OverflowError, TypeError, ValueError) as exc:
            raise SubmissionError(
                codes.NEVER_STARTED,
                f"server {self._server} applied a command that no client can have "
                f"started: it cannot be put into a snapshot ({exc})",
            ) from None
        self._made[snapshot] = self.last_applied
        return snapshot

    def _index_of(self, snapshot: Any) -> int:
        """Return the index up to which a snapshot goes; it must be one of ours."""
        index = self._made.get(snapshot) if isinstance(snapshot, bytes) else None
        if index is None:
            what = (
                f"{len(snapshot)} bytes"
                if isinstance(snapshot, bytes)
                else f"a {type(snapshot).__name__}"
            )
            raise SubmissionError(
                codes.UNKNOWN_SNAPSHOT,
                f"server {self._server} handed the service {what} as a snapshot, but "
                "the service never made it (Figure 13)",
                "keep and send the bytes that snapshot(index, snapshot) gets unchanged",
            )
        return index

    def _restore(self, snapshot: bytes) -> None:
        self.last_applied = self._index_of(snapshot)
        # What is decided is the same for all servers, so this is what the bytes hold.
        upto = range(1, self.last_applied + 1)
        decided = self._invariants.decided
        self.commands = {index: decided[index].command for index in upto}
