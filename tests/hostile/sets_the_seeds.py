"""Sets the random numbers of the network.

Tries: another draw for every object of class Network
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
gc = real["gc"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for thing in gc.get_objects():
            if type(thing).__name__ == "Network":
                thing._draw = lambda: 0.5
                print("BREACH: has set the network's numbers")
