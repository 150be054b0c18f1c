"""The applier waits without first checking whether there is something to apply.

What is committed while it hands over one batch waits until more is committed.

Paper: section 5.3, Figure 2 (commit_index > last_applied)
Breaks: liveness
Found by: test_slow_service at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _run_applier(self):
        while True:
            with self.lock:
                self.something_to_apply.wait()
                if self.killed:
                    return
                messages = self._take_committed()
            for message in messages:
                self.apply_ch.put(message)
