"""Raft, as in Figure 2 of "In Search of an Understandable Consensus Algorithm"."""

import threading
from collections.abc import Sequence
from typing import Any

from labrpc import ClientEnd, Persister

from .messages import (
    AppendEntriesArgs,
    AppendEntriesReply,
    RequestVoteArgs,
    RequestVoteReply,
)


class Raft:
    """One Raft server."""

    def __init__(
        self,
        peers: Sequence[ClientEnd],
        me: int,
        persister: Persister,
        apply_ch: Any,
    ) -> None:
        """Set up the state, start the background threads, and return soon.

        peers: one end per server, this one included; peers[i].call(method, args).
        me: this server's index in peers.
        persister: holds what an earlier incarnation saved; b"" at first.
        apply_ch: apply_ch.put(ApplyMsg(...)) for each committed entry, in order.
        """
        self.peers = peers
        self.me = me
        self.persister = persister
        self.apply_ch = apply_ch
        self.lock = threading.Lock()

        # Your state here: Figure 2, "State" (2A, 2B, 2C).
        self.current_term = 0
        self.is_leader = False

        # 2C: restore what persister.read_raft_state() returns.

        # 2A: start a thread that begins an election when it has not heard from a
        # leader for a while (section 5.2), as in
        # threading.Thread(target=self.run_election_timer, daemon=True).start()

    # What the service calls.

    def get_state(self) -> tuple[int, bool]:
        """Return the current term, and whether this server believes it leads."""
        with self.lock:
            return self.current_term, self.is_leader

    def start(self, command: Any) -> tuple[int, int, bool]:
        """Begin agreement on a command, and return at once, without waiting for it.

        Returns the index at which the command will be if it is ever committed, the
        current term, and whether this server leads. A server that does not lead
        returns (-1, term, False).
        """
        with self.lock:
            # Your code here (2B).
            return -1, self.current_term, False

    def snapshot(self, index: int, snapshot: bytes) -> None:
        """Forget the log up to index: the service has all of it in snapshot.

        Keep the bytes with persister.save(raft_state, snapshot).
        """
        # Your code here (2D).

    # Optional: def kill(self): let the background threads end. It is not called on a
    # crash, which ends them at once.

    # What other servers call: peers[i].call("Raft.request_vote", args) runs
    # request_vote(args) on server i, in a thread of its own.

    def request_vote(self, args: RequestVoteArgs) -> RequestVoteReply:
        """Answer a candidate (Figure 2, RequestVote RPC)."""
        with self.lock:
            # Your code here (2A, 2B).
            return RequestVoteReply(self.current_term, False)

    def append_entries(self, args: AppendEntriesArgs) -> AppendEntriesReply:
        """Answer the leader (Figure 2, AppendEntries RPC)."""
        with self.lock:
            # Your code here (2A: heartbeats, 2B: entries).
            return AppendEntriesReply(self.current_term, False)
