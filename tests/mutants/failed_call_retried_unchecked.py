"""A failed AppendEntries is sent again, with fresh arguments and without a look at the role.

A leader that has stepped down meanwhile so speaks as leader of a term in which it
does not lead.

Paper: sections 5.1 and 5.3
Breaks: safety (Election Safety, Log Matching, State Machine Safety)
Found by: test_install_snapshots_disconnect at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def send_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        while reply is None:
            with self.lock:
                if self.next_index[peer] <= self.log.last_included_index:
                    return
                args = self.append_entries_args(peer)
            reply = self.peers[peer].call("Raft.append_entries", args)
        with self.lock:
            self.step_down_if_behind(reply.term)
            if self.leads(args.term) and reply.success:
                self.note_match(peer, args.prev_log_index + len(args.entries))
            elif (
                self.leads(args.term)
                and args.prev_log_index == self.next_index[peer] - 1
            ):
                self.back_up(peer, reply)
