"""The reference Raft: what a submission looks like, and that the lab can be passed.

Follows Diego Ongaro and John Ousterhout, "In Search of an Understandable
Consensus Algorithm (Extended Version)", 2014; sections and figures are its.
"""

from raft.raft import Raft

__all__ = ["Raft"]
