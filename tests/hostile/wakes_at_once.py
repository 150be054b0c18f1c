"""Wants to be woken again and again, so that virtual time stands still.

Tries: a wake-up at this very moment in each answer
Wall: claims
Outcome: caught, forged-message: asks to be woken again and again though
Without: failed: the run used
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        scheduler = peers[0]._calls._context.scheduler
        scheduler.next_timer_ns = lambda: 0
