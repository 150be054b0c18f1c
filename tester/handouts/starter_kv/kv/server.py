"""A server of the key/value service."""

from typing import Any

from rsm import RSM

from .messages import WRONG_LEADER, GetArgs, GetReply, PutArgs, PutReply


class KVServer:
    """One server: the state machine that the RSM replicates, and the clerks' RPCs."""

    def __init__(
        self, peers: Any, me: int, persister: Any, apply_ch: Any, max_raft_state: int
    ) -> None:
        """Set up the table before the RSM, which may restore it at once."""
        # Your state here (3B).
        self.rsm = RSM(peers, me, persister, apply_ch, max_raft_state, self)
        self.services = {"KV": self, "Raft": self.rsm.raft}

    # What clerks call: servers[i].call("KV.get", args).

    def get(self, args: GetArgs) -> GetReply:
        """Submit a get, and answer when it has been performed."""
        # Your code here (3B).
        return GetReply(WRONG_LEADER)

    def put(self, args: PutArgs) -> PutReply:
        """Submit a put, and answer when it has been performed."""
        # Your code here (3B).
        return PutReply(WRONG_LEADER)

    # The state machine: the RSM calls these.

    def do_op(self, request: Any) -> Any:
        """Perform a committed request, and return the reply."""
        # Your code here (3B).

    def snapshot(self) -> bytes:
        """Return all that a restart needs."""
        # Your code here (3C).
        raise NotImplementedError

    def restore(self, data: bytes) -> None:
        """Take the state that snapshot() has returned, here or on another server."""
        # Your code here (3C).
        raise NotImplementedError
