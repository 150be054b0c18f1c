"""A safe Raft whose elections are decided by rank alone, at times in vain: see `raft/election.py`."""

from raft.election import Raft as Raft
