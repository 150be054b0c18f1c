"""Recording a run: every event, every action, and the digest of them all.

A run that records nothing pays nothing. The digest is the proof that two
runs were the same; it leaves out what may differ between two machines though
the behaviour does not: printed lines and the text of tracebacks.
"""

import hashlib
from collections.abc import Sequence
from typing import Protocol

import msgspec

from labrpc.world.events import Action, Crash, Event, Log, Warn

_pack = msgspec.msgpack.Encoder().encode


def _to_bytes(value: object) -> bytes:
    """Return a value as bytes; what msgpack cannot hold, as Python would write it.

    A submission may send a number of a hundred digits or half a surrogate pair.
    """
    try:
        return _pack(value)
    except (OverflowError, UnicodeEncodeError):
        return repr(value).encode(errors="backslashreplace")


class Recorder(Protocol):
    """Is told everything that happens in a world."""

    def step(
        self,
        now_ns: int,
        server: int,
        incarnation: int,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Note that one box was stepped."""

    def control(self, now_ns: int, verb: str, *args: object) -> None:
        """Note what the scenario did to the world, as in `crash 2`."""


class DigestRecorder:
    """Keeps nothing but the digest."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self.steps = 0

    def step(
        self,
        now_ns: int,
        server: int,
        incarnation: int,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Add one step of a box."""
        self.steps += 1
        behaviour = [
            a.code if isinstance(a, Crash) else a
            for a in actions
            if not isinstance(a, (Log, Warn))
        ]
        self._digest.update(_to_bytes((now_ns, server, incarnation, event, behaviour)))

    def control(self, now_ns: int, verb: str, *args: object) -> None:
        """Add something that the scenario did."""
        self._digest.update(_to_bytes((now_ns, verb, args)))

    def hexdigest(self) -> str:
        """Return the digest so far."""
        return self._digest.hexdigest()
