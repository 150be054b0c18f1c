"""Says that server 0 leads, without a word to the others.

Tries: a constant get_state
Wall: properties
Outcome: caught, not-elected-by-majority: no majority can have voted for it
Without: failed: (?!.*no majority)
Test: test_basic_persistence
"""


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.me = me

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return 1, 1, self.me == 0
