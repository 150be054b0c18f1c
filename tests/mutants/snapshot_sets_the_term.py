"""A server that installs a snapshot adopts the snapshot's last term as its current term.

All its later replies are of an older term, to the leader and to others.

Paper: Figure 2 (currentTerm increases monotonically), Figure 13
Breaks: safety (current_term increases monotonically)
Source: jgroups-extras/jgroups-raft #23
Found by: test_troubled_snapshots at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _install(self, args):
        self.current_term = args.last_included_term
        super()._install(args)
