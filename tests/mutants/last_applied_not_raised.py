"""`last_applied` stays where it was when a snapshot is handed to the service.

What the snapshot holds is applied once more, or what stands there now.

Paper: section 7
Breaks: safety (State Machine Safety)
"""

from labrpc import ApplyMsg
from raft.raft import Raft as Reference


class Raft(Reference):
    def take_committed(self):
        messages = []
        snapshot, self.received_snapshot = self.received_snapshot, None
        if snapshot is not None and snapshot.snapshot_index > self.last_applied:
            messages.append(snapshot)
        for index in range(self.last_applied + 1, self.commit_index + 1):
            command = self.log.command_at(index)
            messages.append(
                ApplyMsg(command_valid=True, command=command, command_index=index)
            )
        self.last_applied = self.commit_index
        return messages
