"""A snapshot is sent in chunks, and one that fails is sent again until it is accepted.

A follower that restarts in between has lost the chunks before it and can accept only
the first: the leader never begins again.

Paper: Figure 13 (offset; steps 2 to 4)
Breaks: liveness
Source: logcabin/logcabin #174
Found by: test_troubled_snapshots at seed 0
"""

from dataclasses import replace

from raft.raft import Raft as Reference

CHUNK_BYTES = 64


class Raft(Reference):
    received = b""

    def _send_install_snapshot(self, peer, args):
        with self.lock:
            sent = self.__dict__.setdefault("sent", {})
            whole, offset = sent.setdefault(peer, (args, 0))
        end = offset + CHUNK_BYTES
        is_last = end >= len(whole.data)
        head = replace(whole, term=args.term, leader_id=self.me, data=b"")
        chunk = (head, offset, whole.data[offset:end], is_last)
        answer = self.peers[peer].call("Raft.install_chunk", chunk)
        with self.lock:
            self._note_landed(peer, args)
            if answer is None:
                return
            reply, accepted = answer
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term) or sent.get(peer) != (whole, offset):
                return
            if accepted and is_last:
                del sent[peer]
                self._note_match(peer, whole.last_included_index)
                self._replicate_if_idle(peer)
            elif accepted:
                sent[peer] = whole, end
                self._replicate_to(peer)

    def install_chunk(self, chunk):
        head, offset, data, is_last = chunk
        with self.lock:
            if offset == 0:
                self.received = b""
            accepted = offset <= len(self.received)
            if accepted:
                self.received = self.received[:offset] + data
            whole = replace(head, data=self.received)
        if not (accepted and is_last):
            # Old enough to change nothing; the term and the timer count.
            whole = replace(whole, last_included_index=0)
        return self.install_snapshot(whole), accepted
