"""Reads of other processes: their memory, environment and open files.

Tries: /proc/…/mem, environ, fd and cmdline
Wall: user, files
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
builtins = real["builtins"]
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for pid in ("self", os.getppid(), 1):
            for name in ("mem", "environ", "cmdline", "status", "fd/0"):
                try:
                    with builtins.open(f"/proc/{pid}/{name}", "rb") as file:
                        file.read(10)
                    print(f"BREACH: has read /proc/{pid}/{name}")
                except OSError as exc:
                    print("refused:", exc)
