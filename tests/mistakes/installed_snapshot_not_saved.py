"""It does not save a snapshot that the leader has sent.

Part: 2D
Test: test_crash_and_restart_all at seed 1
Says: installed-without-saving
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def install_snapshot(self, args):
        save, self.save = self.save, lambda *_: None
        reply = super().install_snapshot(args)
        self.save = save
        return reply
