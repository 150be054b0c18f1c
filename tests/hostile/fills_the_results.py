r"""Fills the grader's memory, its journal and its results.

Tries: a Crash action with two megabytes of headline and evidence
Wall: texts
Outcome: caught, exception: x
Without: x{1000000}\s+(.|\n)*y{1000000}
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        crash = events.Crash("exception", "x" * 1_000_000, "y" * 1_000_000)
        persister._outbox.actions.append(crash)
