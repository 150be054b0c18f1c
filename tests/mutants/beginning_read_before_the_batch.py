"""The applier reads once for a batch of entries where the log begins.

The service makes a snapshot meanwhile, and the log begins later: the wrong commands are applied.

Paper: section 7
Breaks: safety (State Machine Safety)
Source: OneSizeFitsQuorum/MIT6.824-2021 issue #26
Found by: test_stalled_servers at seed 0
"""

from labrpc import ApplyMsg
from raft.raft import Raft as Reference


class Raft(Reference):
    def _run_applier(self):
        while not self.killed:
            with self.lock:
                while self.last_applied >= self.commit_index and not self.killed:
                    self.something_to_apply.wait()
                messages = self._take_committed() if self.snapshot_to_apply else []
                beginning = self.log.last_included_index
                first, last = self.last_applied + 1, self.commit_index
                self.last_applied = max(self.last_applied, last)
            for message in messages:
                self.apply_ch.put(message)
            for index in range(first, last + 1):
                with self.lock:
                    _, command = self.log.entries[index - beginning - 1]
                self.apply_ch.put(
                    ApplyMsg(command_valid=True, command=command, command_index=index)
                )
