"""Says that it stands in another file, so that a report quotes it.

Tries: faulthandler's words, with a frame in /etc/passwd
Wall: own files
Outcome: caught, hangs-in-c: a call used more than
Without: root:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]
policy = real["labrpc.machine.watchdog"].HangPolicy
write_fd = next(o.fd for o in real["gc"].get_objects() if type(o) is policy)
WORDS = b"""Current thread 0x0 (most recent call first):
  File "/etc/passwd", line 1 in root
"""


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        os.write(write_fd, WORDS)
        os.closerange(3, 64)
