"""Committed entries are put on the apply channel with the lock held.

Before it takes the next message, the service calls `snapshot`, which waits for
the lock.

Paper: section 5.3 (applied entries), section 7
Breaks: liveness
Go suite: yes, as 150 s hangs
Found by: test_snapshots_basic at seed 1
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
                for message in self._take_committed():
                    self.apply_ch.put(message)
