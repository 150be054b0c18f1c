"""A complete Raft (2A to 2D) on asyncio: a task per peer, and no locks at all."""

from .server import Raft

__all__ = ["Raft"]
