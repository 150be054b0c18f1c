"""Looks at what other servers have open: whoever opens files speaks to whoever looks.

Tries: /proc/PID and /proc/PID/fd/N of the processes made before its own
Wall: user
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

os = collections._sys.modules["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for pid in range(os.getpid() - 50, os.getpid()):
            for name in ("", "/fd/0", "/fd/3", "/fdinfo/0", "/task", "/map_files"):
                try:
                    os.lstat(f"/proc/{pid}{name}")
                except OSError as exc:
                    print("refused:", exc)
                else:
                    print(f"BREACH: sees /proc/{pid}{name}")
