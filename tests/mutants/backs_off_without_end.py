"""After AppendEntries that fail or are refused the leader waits, each time twice as long.

Only a success ends this. A follower that returns after some time, or whose log
conflicts, gets mere heartbeats for up to ten seconds.

Paper: section 5.3 (the leader retries until the logs agree)
Breaks: liveness
Source: hashicorp/raft #73, atomix/copycat PR #326, redpanda-data/redpanda #4083
Found by: test_no_agreement_without_majority at seed 2
"""

import time

from raft.raft import Raft as Reference


class Raft(Reference):
    def _append_entries_args(self, peer):
        args = super()._append_entries_args(peer)
        _, retry_s = self.failures(peer)
        if time.monotonic() < retry_s:
            args.entries = []
        return args

    def _send_append_entries(self, peer, args):
        super()._send_append_entries(peer, args)
        if not args.entries:
            return
        with self.lock:
            count, _ = self.failures(peer)
            landed = self.match_index[peer] >= args.prev_log_index + len(args.entries)
            count = 0 if landed else count + 1
            wait_s = 0.0 if landed else min(0.01 * 2**count, 10.24)
            self.__dict__["failed"][peer] = count, time.monotonic() + wait_s

    def failures(self, peer):
        return self.__dict__.setdefault("failed", {}).get(peer, (0, 0.0))
