"""Whether servers answer calls, or send messages one way, each a call of its own."""

from collections.abc import Sequence

from labrpc.world.events import Action, Event, Reply
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from labrpc.world.world import World
from tester.traces.payload import read_message


class CallAnswers(Observer):
    """Watches for an answer.

    Attributes:
        found: whether a handler has returned something.
    """

    def __init__(self, world: World) -> None:
        self.found = False
        self._world = world
        world.observe(self)

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Look for an answer among what a server did; one is enough."""
        self.found = any(
            type(action) is Reply and read_message(action.data, {}) is not None
            for action in actions
        )
        if self.found:
            self._world.unobserve(self)
