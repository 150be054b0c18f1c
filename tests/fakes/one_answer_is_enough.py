"""Takes over when one other server has answered.

Breaks: Election Safety
"""

from raft.primary import Primary


class Raft(Primary):
    answers = 1
