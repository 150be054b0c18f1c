"""A server's disk: the bytes that one incarnation saves for the next."""

from dataclasses import dataclass


@dataclass(slots=True)
class Disk:
    """The last Raft state and snapshot that a server has saved."""

    raft_state: bytes = b""
    snapshot: bytes = b""

    def save(self, raft_state: bytes, snapshot: bytes) -> None:
        """Replace both, atomically."""
        self.raft_state = raft_state
        self.snapshot = snapshot
