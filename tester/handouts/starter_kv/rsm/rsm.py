"""A replicated state machine: what is submitted here is performed on every server."""

import threading
from typing import Any

from raft import Raft

OK = "OK"
WRONG_LEADER = "ErrWrongLeader"


class RSM:
    """Replicates one state machine with Raft."""

    def __init__(
        self,
        peers: Any,
        me: int,
        persister: Any,
        apply_ch: Any,
        max_raft_state: int,
        state_machine: Any,
    ) -> None:
        """Restore the state machine, start Raft and a thread that applies.

        peers, me, persister, apply_ch: hand them on to Raft. apply_ch.get() returns the
            next ApplyMsg that Raft has put.
        max_raft_state: take a snapshot when len(persister.read_raft_state()) reaches it;
            -1 for never.
        state_machine: do_op(request), snapshot() and restore(data).
        """
        self.persister = persister
        self.apply_ch = apply_ch
        self.max_raft_state = max_raft_state
        self.state_machine = state_machine
        self.lock = threading.Lock()

        # 3A, its last test: restore what persister.read_snapshot() returns, if there is anything.

        self.raft = Raft(peers, me, persister, apply_ch)

        # 3A: start a thread that takes messages with apply_ch.get(), as in
        # threading.Thread(target=self.run_applier, daemon=True).start()

    def submit(self, request: Any) -> tuple[str, Any]:
        """Perform a request on all servers; return (OK, reply) or (WRONG_LEADER, None).

        Wrap it into an operation with an id, so that you recognise it when it is applied.
        What you give to self.raft.start must be plain: a tuple, not an object of yours.
        """
        # Your code here (3A).
        return WRONG_LEADER, None

    def kill(self) -> None:
        """Answer all submits that wait, and those that come later, with WRONG_LEADER.

        Threads that wake up now and then should end; one that waits in apply_ch.get()
        need not.
        """
        # Your code here (3A).
