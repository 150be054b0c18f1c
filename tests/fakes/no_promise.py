"""Obeys an older primary though it has answered a newer one.

Breaks: State Machine Safety
"""

from raft.primary import Primary


class Raft(Primary):
    promises = False
