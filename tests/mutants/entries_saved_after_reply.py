"""Appended entries are persisted by a thread of its own, after the reply has left.

A crash in between loses entries that the leader counts as stored.

Paper: Figure 2 ("updated on stable storage before responding to RPCs")
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_troubled_snapshots at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def store_entries(self, args):
        for index, entry in enumerate(args.entries, start=args.prev_log_index + 1):
            if index <= self.log.last_index:
                if self.log.term_at(index) == entry[0]:
                    continue
                self.log.truncate_from(index)
            self.log.append(entry)
        if args.entries:
            self.run_in_thread(self.save_entries)

    def save_entries(self):
        with self.lock:
            self.persist()
