"""A key/value service on a replicated state machine, in threads: labs 3B and 3C."""

from .clerk import Clerk
from .server import KVServer

__all__ = ["Clerk", "KVServer"]
