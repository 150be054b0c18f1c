"""Reads the machine's users, devices and folders.

Tries: /etc/passwd, /, /tmp and the devices
Wall: files
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for path in ("/etc/passwd", "/", "/tmp", "/dev/zero", "/sys"):
            try:
                fd = os.open(path, os.O_RDONLY)
                os.listdir(path) if os.path.isdir(path) else os.read(fd, 100)
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: has read", path)
