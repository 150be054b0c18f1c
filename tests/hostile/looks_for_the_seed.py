"""Looks for the seed of the run, and for the name of the test.

Tries: texts in all objects that the collector knows
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
gc = real["gc"]


def texts():
    for thing in gc.get_objects():
        for value in getattr(thing, "__dict__", {}).values():
            if type(value) is str:
                yield value


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        found = [text for text in texts() if text.startswith("test_initial_election/")]
        if found:
            print("BREACH: the seed is", found[0])
