"""Your replicated state machine: the lab imports RSM from here."""

from .rsm import RSM

__all__ = ["RSM"]
