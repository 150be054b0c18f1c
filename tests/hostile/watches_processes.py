"""Asks the kernel about the processes of other servers.

Tries: the CPU clock, group and processors of the processes made before its own
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]
clock_gettime = real["time"].clock_gettime


def cpu_clock(pid):
    return clock_gettime(~pid << 3 | 2)


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for pid in range(os.getpid() - 50, os.getpid()):
            for ask in (cpu_clock, os.getpgid, os.sched_getaffinity):
                try:
                    ask(pid)
                except OSError as exc:
                    print("refused:", exc)
                else:
                    print("BREACH: knows of process", pid, "by", ask.__name__)
