"""Says more than the lab lets a server say.

Tries: 60,000 lines, past the box's own limit
Wall: claims
Outcome: caught, forged-message: goes on logging after its log was full
Without: passed:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        persister._outbox.actions += [events.Log(0, "flood")] * 60_000
