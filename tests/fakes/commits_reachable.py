"""Commits what all servers that answered lately have, however few they are.

Breaks: State Machine Safety
"""

from raft.primary import Primary


class Raft(Primary):
    commits = "reachable"
