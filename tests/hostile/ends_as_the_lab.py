r"""Ends for a reason that is not its own.

Tries: a Crash action of a kind that there is not
Wall: claims
Outcome: caught: ends for a reason that there is not
Without: failed: server \d: the lab broke
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        peers[0]._box.actions.append(events.Crash("lab", "the lab broke", ""))
