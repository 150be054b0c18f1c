"""Other futures of a run: the same up to one step, and then chance goes another way.

What may be drawn anew is what no server and no scenario decides: how long messages take,
which are lost, and the order of what happens at one instant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from labrpc.world.events import Action, Event
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from labrpc.world.world import World


@dataclass(frozen=True)
class Future:
    """One of the ways in which a run may go on.

    Attributes:
        step: the number of the step from which on it differs, from 1: messages that are
            sent in it take another time.
        number: which of the futures it is that part in this step.
    """

    step: int
    number: int


class DrawingAnew(Observer):
    """Lets a world take another future. Of all observers, it alone changes what comes.

    Args:
        world: has not taken any step.
        future: which one.
    """

    def __init__(self, world: World, future: Future) -> None:
        self._world = world
        self._future = future
        self._steps = 0

    def stepped(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Draw from other streams once the step has come."""
        self._steps += 1
        if self._steps == self._future.step:
            self._draw_anew()

    def _draw_anew(self) -> None:
        network = self._world.network
        streams = {"ties": self._world.ties, "network": network.draws}
        if network.faults is not None:
            streams["trouble"] = network.faults.draws
        for name, draws in streams.items():
            draws.seed(f"future/{self._future.step}/{self._future.number}/{name}")
