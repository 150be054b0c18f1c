"""The thread that commits for a leader goes on when its server leads no more.

Another leader replaces the log, and old values of match_index count for the new entries.

Paper: section 5.3, Figure 2 (match_index, reinitialized after election)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: after eliben/raft PR #15
Found by: test_figure_8_step_by_step at seed 0
"""

import time

from raft.raft import Raft as Reference


class Raft(Reference):
    has_committer = False

    def _become_leader(self):
        super()._become_leader()
        if not self.has_committer:
            self.has_committer = True
            self._start_thread(self._run_committer)

    def _run_committer(self):
        while not self.killed:
            with self.lock:
                reached = [self.match_index[peer] for peer in self.others]
                reached = sorted([*reached, self.log.last_index], reverse=True)
                index = reached[len(self.peers) // 2]
                is_own = self.log.term_at(index) == self.current_term
                if self.commit_index < index <= self.log.last_index and is_own:
                    self._advance_commit_index(index)
            time.sleep(0.02)
