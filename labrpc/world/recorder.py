"""The digest of a run: of every event, every action, and what the scenario did.

Two runs with one digest were the same. It leaves out what may differ between
machines though the behaviour does not: printed lines and the text of tracebacks.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from labrpc.world.events import Action, Crash, Event, Log, Warn
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation

_NOT_AS_THEY_ARE = frozenset({Crash, Log, Warn})
_pack = msgspec.msgpack.Encoder().encode


def _to_bytes(value: object) -> bytes:
    """Return a value as bytes; what msgpack cannot hold, as Python would write it.

    A submission may send a number of a hundred digits or half a surrogate pair.
    """
    try:
        return _pack(value)
    except (OverflowError, UnicodeEncodeError):
        return repr(value).encode(errors="backslashreplace")


class DigestRecorder(Observer):
    """Keeps nothing but the digest.

    Attributes:
        steps: how many steps it has taken in.
    """

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self.steps = 0

    def stepped(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Add one step of a box."""
        self.steps += 1
        behaviour: Sequence[object] = actions
        if not _NOT_AS_THEY_ARE.isdisjoint(map(type, actions)):
            behaviour = [
                a.code if isinstance(a, Crash) else a
                for a in actions
                if not isinstance(a, (Log, Warn))
            ]
        self._digest.update(
            _to_bytes((now_ns, host.server, host.incarnation, event, behaviour))
        )

    def controlled(self, now_ns: int, verb: str, args: tuple[object, ...]) -> None:
        """Add something that the scenario did."""
        self._digest.update(_to_bytes((now_ns, verb, args)))

    def hexdigest(self) -> str:
        """Return the digest so far."""
        return self._digest.hexdigest()
