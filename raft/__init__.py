"""The reference Raft: the shape of a submission, and proof that the lab can be passed.

It follows Diego Ongaro and John Ousterhout, "In Search of an Understandable
Consensus Algorithm (Extended Version)", 2014. All sections and figures named
here are of that paper.
"""

from raft.raft import Raft

__all__ = ["Raft"]
