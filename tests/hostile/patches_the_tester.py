"""Changes the checks of the lab.

Tries: a method of the class in tester.scenario.checks
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        checks = real.get("tester.scenario.checks")
        if checks is not None:
            checks.CheckedCluster.check_one_leader = lambda cluster: 0
            print("BREACH: has changed the checks")
