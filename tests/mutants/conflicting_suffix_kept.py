"""Entries after an installed snapshot are kept, whether or not they follow from it.

Paper: section 7, Figure 13 (steps 6 and 7)
Breaks: safety (Log Matching)
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def take_snapshot(self, args):
        if args.last_included_index <= self.log.last_index:
            term = self.log.term_at(args.last_included_index)
            self.log.compact(args.last_included_index, term)
        super().take_snapshot(args)
