"""The applier waits without looking first whether there is something to apply.

What is committed while it hands over the last batch stays until more is committed.

Paper: section 5.3, Figure 2 (commit_index > last_applied)
Breaks: liveness
Found by: test_slow_service at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def run_applier(self):
        while True:
            with self.lock:
                self.something_to_apply.wait()
                if self.killed:
                    return
                messages = self.take_committed()
            for message in messages:
                self.apply_ch.put(message)
