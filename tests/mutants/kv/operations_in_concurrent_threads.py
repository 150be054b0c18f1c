"""Each operation is performed by a thread of its own, so that two may change their order.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_one_partition at seed 0
"""

import random

import rsm
from rsm.rsm import RSM as Reference
from rsm.rsm import threading, time


class RSM(Reference):
    def _run_applier(self):
        while not self.killed:
            message = self.apply_ch.get()
            if message.snapshot_valid:
                self._restore(message.snapshot)
                continue
            threading.Thread(target=self._perform, args=(message,), daemon=True).start()

    def _perform(self, message):
        time.sleep(random.random() / 1000)
        operation_id, request = message.command
        reply = self.state_machine.do_op(request)
        self.last_applied = message.command_index
        self._answer(message.command_index, operation_id, reply)


rsm.RSM = RSM
