"""Names of calls that two runs of one submission have in common.

A call's number counts all calls of its server. Its name counts only those by the same
method to the same peer, so that one call more to another peer does not change it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from labrpc.world.events import Action, Call, Event
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation


class CallName(NamedTuple):
    """A call of one incarnation.

    Attributes:
        src: the server that has called.
        incarnation: which of its lives that was.
        dst: the server that was called.
        method: the name that was called.
        nth: which of its calls to this server by this name it is, from 1.
    """

    src: int
    incarnation: int
    dst: int
    method: str
    nth: int


class CallNames(Observer):
    """Names the calls of a run, as it goes on."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, int, int], CallName] = {}
        self._numbers: dict[CallName, int] = {}
        self._counts: Counter[tuple[int, int, int, str]] = Counter()

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Name the calls of a step."""
        for action in actions:
            if type(action) is Call:
                kind = (host.server, host.incarnation, action.dst, action.method)
                self._counts[kind] += 1
                name = CallName(*kind, self._counts[kind])
                self._names[host.server, host.incarnation, action.call_id] = name
                self._numbers[name] = action.call_id

    def name(self, server: int, incarnation: int, call_id: int) -> CallName | None:
        """Return the name of a call, None if there was none of this number."""
        return self._names.get((server, incarnation, call_id))

    def number(self, name: CallName) -> int | None:
        """Return the number of a call, None if it has not been made so far."""
        return self._numbers.get(name)
