"""Commits only what all servers have.

Breaks: progress only
"""

from raft.primary import Primary


class Raft(Primary):
    commits = "all"
