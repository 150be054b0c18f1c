"""A replicated state machine: requests become entries of Raft's log, and replies.

Each server has a copy of the state machine, and one thread that performs on it what
Raft has committed, in the order of the log. So all copies go through the same states.
"""

import pickle
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field

from raft import Raft

OK = "OK"
WRONG_LEADER = "ErrWrongLeader"

TERM_CHECK_S = 0.05


@dataclass
class Submitted:
    """A request that was given to Raft, and will be answered when its index is applied."""

    operation_id: str
    term: int
    answer: Future = field(default_factory=Future)


class RSM:
    """Replicates one state machine.

    `state_machine` has `do_op(request)`, `snapshot()` and `restore(data)`. Only the
    applier's thread calls them once the constructor has returned, so they need no lock.
    """

    def __init__(self, peers, me, persister, apply_ch, max_raft_state, state_machine):
        self.persister = persister
        self.apply_ch = apply_ch
        self.max_raft_state = max_raft_state
        self.state_machine = state_machine
        self.lock = threading.Lock()
        self.submitted: dict[int, Submitted] = {}
        self.last_applied = 0
        self.killed = False

        snapshot = persister.read_snapshot()
        if snapshot:
            self._restore(snapshot)
        self.raft = Raft(peers, me, persister, apply_ch)
        for body in (self._run_applier, self._run_term_check):
            threading.Thread(target=body, daemon=True).start()

    # What the service calls.

    def submit(self, request):
        """Perform a request on all copies; return (OK, reply), or why not.

        WRONG_LEADER means that another server leads, or that this one no longer does:
        then the request may still be performed later.
        """
        operation_id = uuid.uuid4().hex
        with self.lock:
            if self.killed:
                return WRONG_LEADER, None
            # With the lock, so that the applier finds the request at its index.
            index, term, is_leader = self.raft.start((operation_id, request))
            if not is_leader:
                return WRONG_LEADER, None
            self._give_up(self.submitted.get(index))
            submitted = self.submitted[index] = Submitted(operation_id, term)
        return submitted.answer.result()

    def kill(self):
        """Let all threads end; requests that wait are answered."""
        with self.lock:
            self.killed = True
            for submitted in self.submitted.values():
                self._give_up(submitted)
            self.submitted.clear()
        # A Raft need not have it.
        if hasattr(self.raft, "kill"):
            self.raft.kill()

    # Answers.

    def _give_up(self, submitted):
        """Answer that a request was lost with the leadership of this server."""
        if submitted is not None:
            submitted.answer.set_result((WRONG_LEADER, None))

    def _answer(self, index, operation_id, reply):
        """Answer the request that waits for an index, if it is the one applied there."""
        with self.lock:
            submitted = self.submitted.pop(index, None)
            if submitted is None:
                return
            if submitted.operation_id == operation_id:
                submitted.answer.set_result((OK, reply))
            else:
                # Another leader's entry has taken the place.
                self._give_up(submitted)

    def _run_term_check(self):
        """Give requests up once this server has left the term in which it led.

        Their entries may have been replaced. If no other request comes, nothing is ever
        applied at their indices, and nobody else would answer them.
        """
        while not self.killed:
            time.sleep(TERM_CHECK_S)
            if not self.submitted:
                continue
            term, _ = self.raft.get_state()
            with self.lock:
                for index, submitted in list(self.submitted.items()):
                    if submitted.term < term:
                        self._give_up(self.submitted.pop(index))

    # Applying.

    def _run_applier(self):
        """Perform what Raft has committed, one message after the other."""
        while not self.killed:
            message = self.apply_ch.get()
            if message.snapshot_valid:
                self._restore(message.snapshot)
                continue
            operation_id, request = message.command
            reply = self.state_machine.do_op(request)
            self.last_applied = message.command_index
            self._answer(message.command_index, operation_id, reply)
            self._take_snapshot_if_large()

    def _take_snapshot_if_large(self):
        """Let Raft forget its log once that is as large as it may become."""
        size = len(self.persister.read_raft_state())
        if self.max_raft_state != -1 and size >= self.max_raft_state:
            data = pickle.dumps((self.last_applied, self.state_machine.snapshot()))
            self.raft.snapshot(self.last_applied, data)

    def _restore(self, snapshot):
        self.last_applied, data = pickle.loads(snapshot)
        self.state_machine.restore(data)
