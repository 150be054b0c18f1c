"""A leader sends TimeoutNow before the target has all entries.

Paper: section 3.10 of the dissertation
Breaks: liveness
Found by: test_target_lacks_entries at seed 0
"""

from raft.leadership_transfer import TimeoutNowArgs

from raft import Raft as Reference


class Raft(Reference):
    def _continue_transfer(self, target):
        args = TimeoutNowArgs(self.current_term, self.me)
        self._start_thread(self._send_timeout_now, target, args)
