"""A replicated state machine on asyncio: tasks instead of threads, and no locks."""

from .rsm import RSM

__all__ = ["RSM"]
