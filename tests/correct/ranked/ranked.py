"""A correct Raft whose elections are decided by rank alone: see `raft/election.py`."""

from raft.election import Raft as Raft
