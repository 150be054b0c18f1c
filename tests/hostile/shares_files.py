"""Leaves a file for the other servers.

Tries: a file in /tmp or /dev/shm, named after the common parent
Wall: files, system calls
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
        for folder in ("/tmp", "/dev/shm"):
            name = f"{folder}/hostile-{os.getppid()}"
            try:
                if os.path.exists(name):
                    print("BREACH: another server has left", name)
                    if me == len(peers) - 1:
                        os.remove(name)
                else:
                    os.close(os.open(name, os.O_WRONLY | os.O_CREAT))
            except OSError as exc:
                print("refused:", exc)
