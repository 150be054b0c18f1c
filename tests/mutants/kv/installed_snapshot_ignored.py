"""A snapshot that the leader has sent is not given to the state machine.

Paper: section 7
Breaks: safety (Linearizability)
Found by: test_kv_snapshots_lead at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _run_applier(self):
        while not self.killed:
            message = self.apply_ch.get()
            if message.snapshot_valid:
                continue
            operation_id, request = message.command
            reply = self.state_machine.do_op(request)
            self.last_applied = message.command_index
            self._answer(message.command_index, operation_id, reply)
            self._take_snapshot_if_large()


rsm.RSM = RSM
