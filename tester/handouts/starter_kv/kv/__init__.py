"""Your key/value service: the lab imports Clerk and KVServer from here."""

from .clerk import Clerk
from .server import KVServer

__all__ = ["Clerk", "KVServer"]
