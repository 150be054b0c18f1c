"""A heartbeat that gets lost is sent again and again, by a thread of its own, until it is answered.

A server that is down for a minute has hundreds of such threads waiting for it.

Paper: section 5.3
Breaks: liveness
Source: public solutions of the lab
Found by: test_long_absence at seed 0
"""

import time

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_append_entries(self, peer, args):
        while self.is_leader_in(args.term):
            reply = self.peers[peer].call("Raft.append_entries", args)
            if reply is not None:
                self.take_reply(peer, args, reply)
                return
            time.sleep(self.heartbeat_interval_s)

    def is_leader_in(self, term):
        with self.lock:
            return self._is_leader_in(term)

    def take_reply(self, peer, args, reply):
        with self.lock:
            self._note_landed(peer, args)
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term):
                return
            if reply.success:
                self._note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)
