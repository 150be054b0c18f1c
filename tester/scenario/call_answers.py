"""Whether servers answer calls, or send messages one way, each a call of its own."""

from collections.abc import Sequence

from labrpc.world.events import Action, Event, Reply
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from labrpc.world.world import World
from tester.traces.payload import read_message


class CallAnswers(Observer):
    """Watches for answers.

    Attributes:
        found: whether handlers have returned two different values. One that is always the
            same only says that the message has arrived.
    """

    def __init__(self, world: World) -> None:
        self.found = False
        self._first: bytes | None = None
        self._world = world
        world.observe(self)

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Look for answers among what a server did; two that differ are enough."""
        for action in actions:
            if type(action) is not Reply or read_message(action.data, {}) is None:
                continue
            self._first = self._first or action.data
            if action.data != self._first:
                self.found = True
                self._world.unobserve(self)
                return
