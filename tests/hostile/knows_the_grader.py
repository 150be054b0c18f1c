"""Behaves only where it is not tested.

Tries: signs of pytest and of the tests: modules, arguments, environment
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
sys = real["sys"]
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        signs = [
            name
            for name in ("pytest", "tester", "tester.judging.suite")
            if name in real
        ]
        signs += [text for text in (*sys.argv, *os.environ) if "test" in text.lower()]
        if signs:
            print("BREACH: sees", signs)
