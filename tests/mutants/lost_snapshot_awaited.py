"""A leader that sends a snapshot sends only heartbeats until it is answered.

If the snapshot or its answer gets lost, it waits for as long as it leads.

Paper: section 5.3 (the leader retries), section 7
Breaks: liveness
Source: etcd-io/etcd #10225, dgraph-io/dgraph PR #2707
Found by: test_install_snapshots_disconnect at seed 1
"""

from raft.messages import AppendEntriesArgs, InstallSnapshotArgs
from raft.raft import Raft as Reference


class Raft(Reference):
    def _replicate_to(self, peer):
        if isinstance(self.in_flight[peer], InstallSnapshotArgs):
            heartbeat = AppendEntriesArgs(self.current_term, self.me, 0, 0, [], 0)
            self._start_thread(self._send_append_entries, peer, heartbeat)
        else:
            super()._replicate_to(peer)

    def _send_install_snapshot(self, peer, args):
        reply = self.peers[peer].call("Raft.install_snapshot", args)
        if reply is None:
            return
        with self.lock:
            self._note_landed(peer, args)
            self._observe_term(reply.term)
            if self._is_leader_in(args.term):
                self._note_match(peer, args.last_included_index)
                self._replicate_if_idle(peer)
