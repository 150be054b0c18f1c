"""The lock is let go while the state is saved, in the middle of a step.

Of two threads the one with the older state may save last, and `start` may return the index of
another command.

Paper: Figure 2 (persistent state is updated before responding to RPCs)
Breaks: safety (Election Safety, Leader Append-Only, Leader Completeness)
Source: vesoft-inc/nebula PR #568
Found by: test_unreliable_agreement at seed 0 with --preempt
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _persist(self):
        state, snapshot = self._raft_state(), self.persister.read_snapshot()
        self.lock.release()
        self.persister.save(state, snapshot)
        self.lock.acquire()
