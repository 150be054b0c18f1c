"""A Raft server. The lab takes the class `Raft` from here."""

from .raft import Raft

__all__ = ["Raft"]
