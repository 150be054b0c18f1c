"""Applies a dictionary whose keys all hash to the same number.

Tries: 5,000 multiples of 2**61 - 1 as keys
Wall: claims
Outcome: caught, forged-message: a dictionary of 5000 items
Without: BREACH|failed
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        command = dict.fromkeys(number * ((1 << 61) - 1) for number in range(5_000))
        fields = (True, command, 1, False, b"", 0, 0)
        persister._outbox.actions.append(events.Apply(1, fields))
