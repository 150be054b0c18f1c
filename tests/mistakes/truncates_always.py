"""It cuts its log after prev_log_index at each AppendEntries.

Part: 2B
Test: test_unreliable_agreement at seed 0
Says: shortened-agreeing-log
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def store(self, args):
        del self.log[args.prev_log_index + 1 - self.snapshot_index :]
        self.log.extend(args.entries)
        self.save()
