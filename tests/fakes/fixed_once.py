"""Server 0 leads for ever, and commits alone.

Breaks: Election Safety
"""

from raft.primary import Primary


class Raft(Primary):
    fixed = True
    commits = "itself"
