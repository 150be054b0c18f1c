"""Answers a byte at a time, so that the judge is always told something.

Tries: one byte of a long frame every few milliseconds
Wall: patience
Outcome: caught, process-silent: its process used .* without answering
Without: the judge waits for ever
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]
signal = real["signal"]
policy = real["labrpc.machine.watchdog"].HangPolicy
write_fd = next(o.fd for o in real["gc"].get_objects() if type(o) is policy)
now_s = real["labrpc.machine.wall_clock"].cpu_seconds


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        os.write(write_fd, (1 << 20).to_bytes(4, "little"))
        while True:
            os.write(write_fd, b"\0")
            next_s = now_s() + 0.005
            while now_s() < next_s:
                pass
