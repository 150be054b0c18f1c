"""A follower persists its log only when it has become longer.

Entries that only replace conflicting ones are lost in a crash, and the old ones
come back.

Paper: Figure 2 (persistent state), section 5.3
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_figure_8_unreliable at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        last_index = self.log.last_index
        first_index = args.prev_log_index + 1
        for index, (term, _) in enumerate(args.entries, start=first_index):
            if not self.log.contains(index, term):
                self.log.truncate_from(index)
                self.log.append(*args.entries[index - first_index :])
                break
        if self.log.last_index > last_index:
            self._persist()
