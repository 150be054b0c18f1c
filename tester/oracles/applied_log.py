"""What one server has applied in its current incarnation, checked as it comes.

It looks at the order and form of what comes off the apply channel; whether a command may
be applied at all, the invariants judge. The driver of the servers decides when a
message is taken, and when a snapshot is due.
"""

from typing import Any

import msgspec

from labrpc.errors import SubmissionError
from tester import codes
from tester.oracles.invariants import Invariants
from tester.text import short


class Message(msgspec.Struct, frozen=True):
    """The fields of an `ApplyMsg`, in an object that takes a tenth of the time to make."""

    command_valid: bool
    command: Any
    command_index: int
    snapshot_valid: bool
    snapshot: bytes
    snapshot_index: int
    snapshot_term: int


class AppliedLog:
    """What one server has applied in its current incarnation.

    Args:
        server: its number.
        invariants: checks each command that is applied.
        made: the snapshots made above any server, each with its index.
        saved: the snapshot on its disk, `b""` if there is none.

    Attributes:
        commands: the command applied at each index, also through a snapshot.
        last_applied: the highest of these indices, 0 when there is none.
    """

    def __init__(
        self,
        server: int,
        invariants: Invariants,
        made: dict[bytes, int],
        saved: bytes,
    ) -> None:
        self._server = server
        self._invariants = invariants
        self._made = made
        self._has_applied_nothing = True
        self.commands: dict[int, Any] = {}
        self.last_applied = 0
        if saved:
            self._restore(saved)

    def apply(self, message: Message) -> None:
        """Take in a message that the server has put on its apply channel.

        Raises:
            SubmissionError: it is malformed, out of order, or not what is committed.
        """
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

    def _apply_snapshot(self, message: Message) -> None:
        index = self._index_of(message.snapshot)
        if index != message.snapshot_index:
            raise SubmissionError(
                codes.WRONG_SNAPSHOT_INDEX,
                f"server {self._server} applied a snapshot with snapshot_index "
                f"{short(message.snapshot_index)}, but the service made it at index {index} "
                "(section 7)",
            )
        self._check_not_older(index)
        self._has_applied_nothing = False
        self._restore(message.snapshot)

    def _check_not_older(self, index: int) -> None:
        """Fail if a snapshot up to an index is older than what is applied."""
        if index < self.last_applied:
            raise SubmissionError(
                codes.SNAPSHOT_WENT_BACK,
                f"server {self._server} applied a snapshot of index {index} after index "
                f"{self.last_applied}: its state went back (section 7)",
                "a snapshot that is older than what is applied must be ignored",
            )

    def snapshot(self, index: int) -> bytes:
        """Return what is applied up to an index as the bytes of a snapshot.

        Raises:
            SubmissionError: a command that was applied cannot be written.
        """
        commands = [self.commands[upto] for upto in range(1, index + 1)]
        try:
            snapshot = msgspec.msgpack.encode((index, commands))
        except (OverflowError, TypeError, ValueError) as exc:
            raise SubmissionError(
                codes.NEVER_STARTED,
                f"server {self._server} applied a command that no client can have "
                f"started: it cannot be put into a snapshot ({exc})",
            ) from None
        self._made[snapshot] = index
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
