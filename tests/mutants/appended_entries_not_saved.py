"""A follower does not persist what it appends.

It has confirmed to the leader that it stores the entries, and loses them in a
restart: a committed entry is no longer stored by a majority.

Paper: Figure 2 (persistent state), section 5.3
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: never
Found by: test_basic_persistence at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        first_index = args.prev_log_index + 1
        for index, (term, _) in enumerate(args.entries, start=first_index):
            if not self.log.contains(index, term):
                self.log.truncate_from(index)
                self.log.append(*args.entries[index - first_index :])
                return
