r"""Applies a value that nests too deep for whoever looks at it.

Tries: a command of 900 tuples, each within the next
Wall: claims
Outcome: caught, forged-message|exception: nested more than|RecursionError
Without: applied \(\(\(|unknown:|RecursionError
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        command = ()
        for _ in range(900):
            command = (command,)
        fields = (True, command, 1, False, b"", 0, 0)
        persister._outbox.actions.append(events.Apply(1, fields))
