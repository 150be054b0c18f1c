"""It takes a follower to have all that is in the log when the reply comes.

Part: 2B
Test: test_late_append_entries at seed 0
Says: counted-unsent
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def take_append_reply(self, peer, args, reply):
        if reply.success:
            self.has_up_to(peer, self.last_index())
        else:
            super().take_append_reply(peer, args, reply)
