"""The thread that sends heartbeats goes on after its server has stepped down.

Part: 2A
Test: test_re_election at seed 0
Says: two-send-as-leaders
"""

import time

from raft.raft import HEARTBEAT_S, LEADER
from raft.raft import Raft as Plain


class Raft(Plain):
    def send_heartbeats(self, term):
        while True:
            with self.lock:
                self.broadcast()
            time.sleep(HEARTBEAT_S)

    def send_to(self, peer, term):
        with self.lock:
            args = self.append_args(peer)
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is None:
            return
        with self.lock:
            if reply.term > self.current_term:
                self.become_follower(reply.term)
            elif self.role == LEADER:
                self.take_append_reply(peer, args, reply)
