"""A thread of its own persists appended entries, after the reply has been sent.

A crash in between loses entries that the leader counts as stored.

Paper: Figure 2 ("updated on stable storage before responding to RPCs")
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_swarm at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        first_index = args.prev_log_index + 1
        for index, (term, _) in enumerate(args.entries, start=first_index):
            if not self.log.contains(index, term):
                self.log.truncate_from(index)
                self.log.append(*args.entries[index - first_index :])
                self._start_thread(self._run_persist)
                return

    def _run_persist(self):
        with self.lock:
            self._persist()
