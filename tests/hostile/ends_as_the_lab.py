r"""Ends with a code that means the lab's own fault.

Tries: a Crash action with the code of a run without a verdict
Wall: claims
Outcome: caught, unknown-failure: server \d: the lab broke
Without: "code":"lab-broke"
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        persister._outbox.actions.append(events.Crash("lab-broke", "the lab broke", ""))
