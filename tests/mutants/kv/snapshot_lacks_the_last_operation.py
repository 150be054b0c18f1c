"""A snapshot holds the state before the operation at its index.

Paper: section 7
Breaks: safety (Linearizability)
Found by: test_kv_snapshot_recover at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference
from rsm.rsm import pickle


class RSM(Reference):
    def _run_applier(self):
        while not self.killed:
            message = self.apply_ch.get()
            if message.snapshot_valid:
                self._restore(message.snapshot)
                continue
            operation_id, request = message.command
            before = self.state_machine.snapshot()
            reply = self.state_machine.do_op(request)
            self.last_applied = message.command_index
            self._answer(message.command_index, operation_id, reply)
            size = len(self.persister.read_raft_state())
            if self.max_raft_state != -1 and size >= self.max_raft_state:
                data = pickle.dumps((self.last_applied, before))
                self.raft.snapshot(self.last_applied, data)


rsm.RSM = RSM
