"""A complete Raft (2A to 2D) as most students write it, with nothing made fast."""

from .raft import Raft

__all__ = ["Raft"]
