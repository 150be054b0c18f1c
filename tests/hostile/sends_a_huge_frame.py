"""Answers with more than the judge takes.

Tries: a frame of 17 MB, straight to its pipe
Wall: frames
Outcome: caught, step-too-large: its process reports 17 MB in one step
Without: unknown:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]
box_main = real["labrpc.isolated.box_main"]
policy = real["labrpc.machine.watchdog"].HangPolicy
write_fd = next(o.fd for o in real["gc"].get_objects() if type(o) is policy)
MEGABYTES = 17


def answer(alone, data):
    os.write(write_fd, (MEGABYTES << 20).to_bytes(4, "little"))
    for _ in range(MEGABYTES):
        os.write(write_fd, bytes(1 << 20))
    os._exit(0)


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        box_main._answer = answer
