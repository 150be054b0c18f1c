"""A follower does not persist what it appends.

It has told the leader that it stores the entries, which a restart loses; a
majority for a committed entry is gone.

Paper: Figure 2 (persistent state), section 5.3
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: never
Found by: test_basic_persistence at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def store_entries(self, args):
        for index, entry in enumerate(args.entries, start=args.prev_log_index + 1):
            if index <= self.log.last_index:
                if self.log.term_at(index) == entry[0]:
                    continue
                self.log.truncate_from(index)
            self.log.append(entry)
