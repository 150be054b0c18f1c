"""Applies something that is not an ApplyMsg, so that the lab itself breaks.

Tries: an Apply action with nine fields
Wall: claims
Outcome: caught, forged-message: applies something that is not an ApplyMsg
Without: unknown:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        persister._outbox.actions.append(events.Apply(1, (True,) * 9))
