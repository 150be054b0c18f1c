"""A complete Raft (2A to 2D) that polls: a ticker, an applier, a thread per RPC."""

from .server import Raft

__all__ = ["Raft"]
