"""The reference Raft, but for its elections."""

from raft.election import Raft

__all__ = ["Raft"]
