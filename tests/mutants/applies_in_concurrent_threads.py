"""Each batch of committed entries is put on the apply channel by a thread of its own.

Two batches can overtake each other.

Paper: section 5.3 (log order)
Breaks: safety (State Machine Safety)
Go suite: yes
Found by: test_troubled_snapshots at seed 2
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def run_applier(self):
        while True:
            with self.lock:
                while not self.killed and self.last_applied >= self.commit_index:
                    self.something_to_apply.wait()
                if self.killed:
                    return
                messages = self.take_committed()
            self.run_in_thread(self.apply_all, messages)

    def apply_all(self, messages):
        for message in messages:
            self.apply_ch.put(message)
