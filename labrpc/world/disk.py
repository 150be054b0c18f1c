"""A server's disk: the bytes that one incarnation saves for the next."""

from dataclasses import dataclass


@dataclass(slots=True)
class Disk:
    """The last Raft state and snapshot that a server has saved.

    Attributes:
        save_ns: how long each save takes; 0 for no time at all.
    """

    raft_state: bytes = b""
    snapshot: bytes = b""
    save_ns: int = 0

    def save(self, raft_state: bytes, snapshot: bytes) -> None:
        """Replace both, atomically."""
        self.raft_state = raft_state
        self.snapshot = snapshot
