"""Saves a single byte in place of its state.

Breaks: terms never fall (Figure 2)
"""

from raft.primary import Primary


class Raft(Primary):
    saves = False
