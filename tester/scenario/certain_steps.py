"""What certainly follows the steps of a server in a cluster.

The state machine takes each message a fixed time after it was put, and the state probe
asks at once. So a box in a process of its own need not be asked for these steps.
"""

from collections.abc import Callable

from labrpc.world.foresight import NOTHING, Certain
from labrpc.world.host import Host
from labrpc.world.world import World
from tester.oracles.state_probe import StateProbe
from tester.scenario.state_machine import TAKE_NS


class CertainSteps:
    """What certainly follows the steps of one incarnation: a `Foresight`.

    Args:
        world: where the server runs.
        host: the incarnation.
        state_probe: asks the server for its state.
        takes_ahead: returns how many messages a server's state machine takes in a row,
            each `TAKE_NS` after its put; 0 if that is not certain.
    """

    def __init__(
        self,
        world: World,
        host: Host,
        state_probe: StateProbe,
        takes_ahead: Callable[[int], int],
    ) -> None:
        self.asks_by = state_probe.method
        self.called = state_probe.called(host.server)
        self.take_ns = TAKE_NS
        self._world = world
        self._host = host
        self._clock = world.clocks[host.server]
        self._state_probe = state_probe
        self._takes_ahead = takes_ahead

    def certain(self) -> Certain:
        """Return what is certain as the world is about to step the server."""
        world, host = self._world, self._host
        if world.looked_into or host.crash_point is not None or not self._clock.exact:
            return NOTHING
        invoke_id = host.last_invoke_id + 1 if self._state_probe.active else 0
        until_ns = world.quiet_until_ns
        takes_max = self._takes_ahead(host.server) if until_ns else 0
        return Certain(until_ns, invoke_id, takes_max)
