"""Computes again and again, each time for less than one step may take.

Tries: a fifth of a second of pure Python in every get_state
Wall: run limits
Outcome: caught, run-cpu-limit: the run used more than .* s of CPU time
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

cpu_seconds = collections._sys.modules["labrpc.machine.wall_clock"].cpu_seconds
STEP_S, STEPS = 0.2, 4


class Raft(Reference):
    steps = 0

    def get_state(self):
        end_s = cpu_seconds() + STEP_S
        while cpu_seconds() < end_s:
            pass
        Raft.steps += 1
        if Raft.steps == STEPS:
            print("BREACH: CPU time in each server, and no end of it")
        return super().get_state()
