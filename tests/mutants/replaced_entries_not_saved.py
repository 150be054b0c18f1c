"""A follower persists its log only when it has grown longer.

Entries that replace conflicting ones, without reaching beyond them, are lost in
a crash, and the old ones come back.

Paper: Figure 2 (persistent state), section 5.3
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_swarm at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def store_entries(self, args):
        last_index = self.log.last_index
        for index, entry in enumerate(args.entries, start=args.prev_log_index + 1):
            if index <= self.log.last_index:
                if self.log.term_at(index) == entry[0]:
                    continue
                self.log.truncate_from(index)
            self.log.append(entry)
        if self.log.last_index > last_index:
            self.persist()
