"""What a world can foresee of the events that follow one."""

from typing import Protocol

from labrpc.world.events import Boot, Event, Invoke
from labrpc.world.foresight import Foresight
from labrpc.world.host import Host
from labrpc.world.network import Network
from labrpc.world.scenario_thread import current_scenario_thread
from labrpc.world.server_clock import ServerClock
from labrpc.world.supervisor import Supervisor

_FROM_SCENARIO = frozenset({Boot, Invoke})


class ForeseeableWorld(Protocol):
    """What decides the events that follow one; see `labrpc.world.world.World`."""

    looked_into: bool
    clocks: list[ServerClock]
    network: Network
    supervisor: Supervisor

    @property
    def quiet_until_ns(self) -> int:
        """The moment before which nothing happens that is known already."""


def foresee(world: ForeseeableWorld, host: Host, event: Event) -> Foresight | None:
    """Return what follows an event, None if anything may.

    The scenario may do anything at once. So nothing is foreseen of what it brings
    about, nor at the moment at which it goes on.
    """
    if (
        type(event) in _FROM_SCENARIO
        or world.looked_into
        or host.crash_point is not None
        or not world.clocks[host.server].exact
        or current_scenario_thread() is not None
    ):
        return None
    delay_ns_min = world.network.delay_ns_min
    return world.supervisor.foresee(host, event, world.quiet_until_ns, delay_ns_min)
