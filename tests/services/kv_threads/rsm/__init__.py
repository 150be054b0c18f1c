"""A replicated state machine on Raft, in threads: what lab 3A asks for."""

from .rsm import RSM

__all__ = ["RSM"]
