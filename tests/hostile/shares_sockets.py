"""Talks to the other servers through sockets.

Tries: Unix sockets without a file, and UDP
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
builtins = real["builtins"]
os = real["os"]
socket = builtins.__import__("socket")
ADDRESSES = (
    (socket.AF_UNIX, f"\0hostile-{os.getppid()}"),
    (socket.AF_INET, ("127.0.0.1", 20_000 + os.getppid() % 10_000)),
)


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        self.sockets = []
        for family, address in ADDRESSES:
            try:
                self.sockets.append(socket.socket(family, socket.SOCK_DGRAM))
                if me == 0:
                    self.sockets[-1].bind(address)
                else:
                    self.sockets[-1].sendto(b"hello", address)
                    print("BREACH: has sent to", address)
            except OSError as exc:
                print("refused:", exc)
