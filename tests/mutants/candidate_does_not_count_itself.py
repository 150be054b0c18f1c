"""A candidate needs the votes of a majority beside its own.

Of three servers all must be up, so that no leader follows on one that fails.

Paper: section 5.2 (a candidate votes for itself)
Breaks: liveness
Source: ktoso/akka-raft #60
Found by: test_re_election at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _lead_if_elected(self):
        if self._is_majority(len(self.votes_received - {self.me})):
            self._become_leader()
