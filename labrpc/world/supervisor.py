"""The supervisor of a world: who may act on servers as a run goes on.

A world has exactly one. What only watches is an `Observer`, of which there may be
any number.
"""

from typing import Any, Protocol

from labrpc.world.events import Action, Event, Taken
from labrpc.world.host import Host


class SupervisedWorld(Protocol):
    """What a supervisor without a will of its own does to a world."""

    def post(self, delay_ns: int, host: Host, event: Event) -> int:
        """Deliver an event to an incarnation after a delay; return its number."""

    def crash(self, server: int) -> None:
        """Cut the power of a server."""


class Supervisor:
    """Takes what servers apply, and crashes a server at its crash point.

    Override what a scenario wants to be otherwise.
    """

    def take(
        self,
        world: SupervisedWorld,
        host: Host,
        put_id: int,
        message: tuple[Any, ...],
    ) -> None:
        """Take a message that a server puts on its apply channel.

        The server's `put` returns when it gets `Taken(put_id)`.
        """
        world.post(0, host, Taken(put_id))

    def crash_point_reached(self, world: SupervisedWorld, host: Host) -> None:
        """Crash a server whose step was cut at its crash point."""
        world.crash(host.server)

    def step_done(self, host: Host, actions: list[Action]) -> None:
        """Act on servers after a step that was not cut; observers have seen it.

        Not called after a step without actions.
        """
