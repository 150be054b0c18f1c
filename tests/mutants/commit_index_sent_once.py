"""The leader sends each peer a commit index only once, whether it arrives or not.

A follower that misses it applies nothing more until another entry is committed. So does
one that has it before the entries.

Paper: section 5.3, Figure 2 (leaderCommit is part of each AppendEntries)
Breaks: liveness
Source: redpanda-data/redpanda PR #31642
Found by: test_basic_persistence at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _become_leader(self):
        self.commit_index_sent = [0] * len(self.peers)
        super()._become_leader()

    def _append_entries_args(self, peer):
        args = super()._append_entries_args(peer)
        if args.leader_commit == self.commit_index_sent[peer]:
            args.leader_commit = 0
        else:
            self.commit_index_sent[peer] = args.leader_commit
        return args
