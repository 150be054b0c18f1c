"""Lets the kernel kill it, so that its run counts as unknown.

Tries: RLIMIT_CPU of one second, which is then used up little by little
Wall: system calls
Outcome: harmless
Without: unknown: .*killed from outside
"""

import resource
import threading
import time

from raft.raft import Raft as Reference


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
        except (OSError, ValueError) as exc:
            print("refused:", exc)
        else:
            threading.Thread(target=self.burn, daemon=True).start()

    def burn(self):
        while True:
            sum(range(2_000_000))
            time.sleep(0.001)
