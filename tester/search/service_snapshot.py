"""Snapshots of the service that a search plays: the commands that it has applied."""

from typing import Any

import msgspec


def snapshot_bytes(commands: tuple[Any, ...]) -> bytes:
    """Return a service's snapshot, as `AppliedLog.snapshot` makes it."""
    try:
        return msgspec.msgpack.encode((len(commands), commands))
    except (OverflowError, TypeError, ValueError):
        return b""


def snapshot_commands(snapshot: bytes) -> tuple[Any, ...]:
    """Return the commands that a snapshot holds; none if it is not a service's."""
    try:
        _, commands = msgspec.msgpack.decode(snapshot, type=tuple[int, list[Any]])
    except (msgspec.DecodeError, TypeError):
        return ()
    return tuple(commands)
