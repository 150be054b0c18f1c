"""Says twice that it was constructed.

Tries: a second Ready action
Wall: claims
Outcome: caught, forged-message: reports twice that it was constructed
Without: passed:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        persister._outbox.actions.append(events.Ready())
