"""Sends data where nobody counts it: in the name of an RPC's method.

Tries: a method's name of 10 KB
Wall: claims
Outcome: caught, long-method-name: it calls a method whose name
Without: passed:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        call = events.Call(
            0, (me + 1) % len(peers), "smuggled" * 1000 + ".get_state", b""
        )
        persister._outbox.actions.append(call)
