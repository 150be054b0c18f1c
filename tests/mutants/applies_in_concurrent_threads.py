"""Each batch of committed entries is put on the apply channel by its own thread.

Two batches can overtake each other.

Paper: section 5.3 (log order)
Breaks: safety (State Machine Safety)
Go suite: yes
Found by: test_troubled_snapshots at seed 2
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _run_applier(self):
        while True:
            with self.lock:
                while not self.killed and self.last_applied >= self.commit_index:
                    self.something_to_apply.wait()
                if self.killed:
                    return
                messages = self._take_committed()
            self._start_thread(self._run_batch, messages)

    def _run_batch(self, messages):
        for message in messages:
            self.apply_ch.put(message)
