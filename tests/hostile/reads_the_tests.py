"""Reads the graded suite, the checks and the reference.

Tries: files of the lab beside its package labrpc
Wall: files
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
labrpc = real["labrpc"]
builtins = real["builtins"]
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        root = os.path.dirname(os.path.dirname(labrpc.__file__))
        for name in (
            "tests/lab2/test_2a_election.py",
            "tester/scenario/checks.py",
            "grade.py",
        ):
            try:
                with builtins.open(f"{root}/{name}") as file:
                    print("BREACH: has read", name, len(file.read()))
            except OSError as exc:
                print("refused:", exc)
