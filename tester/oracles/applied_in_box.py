"""What one server has applied where the service above Raft was handed in, too.

The lab sees what is put on the apply channel, but not the service's calls of `start` and
`snapshot`. So it does not know the index of a saved snapshot until something is applied.
"""

from labrpc.errors import SubmissionError
from tester import codes
from tester.oracles.applied_log import AppliedLog, Message
from tester.oracles.invariants import Invariants
from tester.text import short


class AppliedInBox(AppliedLog):
    """What one server has applied in its current incarnation, checked as it comes.

    Args:
        server: its number.
        invariants: checks each command that is applied.
        saved: the snapshot on its disk, `b""` if there is none.
    """

    def __init__(self, server: int, invariants: Invariants, saved: bytes) -> None:
        super().__init__(server, invariants, {}, b"")
        self._saved_index_unknown = bool(saved)

    def _apply_command(self, index: int, command: object) -> None:
        if self._saved_index_unknown and type(index) is int:
            # The snapshot goes up to the entry before this one, which some server has
            # applied.
            if index - 1 in self._invariants.decided:
                self.last_applied = index - 1
            self._saved_index_unknown = False
        super()._apply_command(index, command)

    def _beginning(self) -> str:
        beginning = super()._beginning()
        if not self.last_applied:
            # The service's calls of `snapshot` are not seen: nothing says that it made one.
            beginning += "; a snapshot of no bytes counts as none"
        return beginning

    def _apply_snapshot(self, message: Message) -> None:
        index = message.snapshot_index
        if type(index) is not int or index not in self._invariants.decided:
            raise SubmissionError(
                codes.WRONG_SNAPSHOT_INDEX,
                f"server {self._server} applied a snapshot with snapshot_index "
                f"{short(index)}, which no server has applied (section 7)",
            )
        self._check_not_older(index)
        self._saved_index_unknown = self._has_applied_nothing = False
        self.last_applied = index
