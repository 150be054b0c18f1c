"""Announces a step that does not follow, and its answer.

Tries: a step at a time of its own choice, announced as one that follows for certain
Wall: lock-step
Outcome: caught, forged-message: takes a step that does not follow|sends more than it was
Without: BREACH|the lab itself broke
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]
events = real["labrpc.world.events"]
frames = real["labrpc.isolated.messages"]
policy = real["labrpc.machine.watchdog"].HangPolicy
write_fd = next(o.fd for o in real["gc"].get_objects() if type(o) is policy)


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        first = frames.encode(frames.Stepped([events.Ready()], 10**6, (12_345, 1)))
        line = events.Log(0, "BREACH: answers a step of its own choice")
        second = frames.encode(frames.Stepped([line], None))
        os.write(write_fd, frames.framed(first) + frames.framed(second))
