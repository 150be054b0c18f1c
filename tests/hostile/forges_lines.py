r"""Forges lines of the grader's, and commands of the CI job that grades.

Tries: a Crash action with workflow commands and rows of results as its evidence
Wall: texts
Outcome: caught, exception: its process said so
Without: (?m)^::error file=grade\.py::(.|\n)*^bob: 100 of 100 points
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]
LINES = "::error file=grade.py::the grader is broken\nbob: 100 of 100 points\n"


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        crash = events.Crash("exception", "its process said so", LINES)
        persister._outbox.actions.append(crash)
