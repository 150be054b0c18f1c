"""Commits what it is given at once, before anybody else has stored it.

Tries: _advance_commit_index in start
Wall: properties
Outcome: caught, not-stored-by-majority: no majority can have stored it
Without: passed:
Test: test_basic_persistence
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def start(self, command):
        index, term, leads = super().start(command)
        if leads:
            with self.lock:
                self._advance_commit_index(index)
        return index, term, leads
