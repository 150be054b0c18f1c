"""A follower that has installed a snapshot starts no election until it receives entries.

If the leader fails before it has sent any, and no other server has so long a log, the
cluster stays without a leader.

Paper: section 5.2, Figure 2 (followers: election timeout)
Breaks: liveness
Source: seaweedfs/seaweedfs #6067
Found by: test_minorities_return_to_snapshots at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    awaits_entries = False

    def _install(self, args):
        super()._install(args)
        self.awaits_entries = True

    def _store_entries(self, args):
        self.awaits_entries = False
        super()._store_entries(args)

    def _become_candidate(self):
        if self.awaits_entries:
            self._reset_election_timer()
        else:
            super()._become_candidate()
