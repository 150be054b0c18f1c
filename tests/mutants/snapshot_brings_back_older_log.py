"""`snapshot` copies the rest of the log, saves without the lock, and puts the copy in place.

What is appended in between is lost.

Paper: section 7, 5.3 (a leader never overwrites or deletes entries)
Breaks: safety (Leader Append-Only, Leader Completeness, State Machine Safety)
Source: RedisLabs/redisraft PR #45
Found by: test_snapshot_overtaken at seed 3 with --preempt
"""

import pickle

from raft.raft import Raft as Reference


class Raft(Reference):
    def snapshot(self, index, snapshot):
        with self.lock:
            if index <= self.log.last_included_index:
                return
            rest = pickle.loads(pickle.dumps(self.log))
            rest.compact(index, rest.term_at(index))
            state = pickle.dumps((self.current_term, self.voted_for, rest))
        self.persister.save(state, snapshot)
        with self.lock:
            self.log = rest
