"""A snapshot leaves a log that is longer as it is; the term at its index stays wrong.

If the entry at the snapshot's last index is of another term, the next AppendEntries is
refused there, and the leader sends the snapshot again.

Paper: section 7, Figure 13 (step 7)
Breaks: liveness
Source: hashicorp/raft #697
Found by: test_minorities_return_to_snapshots at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _install(self, args):
        if args.last_included_index <= self.log.last_index:
            args.last_included_term = self.log.term_at(args.last_included_index)
        super()._install(args)

    def _back_up(self, peer, reply):
        super()._back_up(peer, reply)
        self.next_index[peer] = min(self.next_index[peer], max(1, reply.conflict_index))
