"""Switches the watchdog off, and runs for ever.

Tries: setitimer(ITIMER_PROF, 0), then a loop
Wall: patience
Outcome: caught, process-silent: its process used .* without answering
Without: the judge waits for ever
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
signal = real["signal"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        while True:
            pass
