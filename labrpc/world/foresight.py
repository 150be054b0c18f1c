"""What certainly follows a step of a server, so that nobody need ask for it.

A box in a process of its own costs a turn of two processes for each step. Two kinds of
step are certain beforehand: the call of a method that follows at once on a step that may
have changed the server's state, and `Taken`, where nothing else happens before the
message is taken. Such a box takes them at once, and the world fetches what it did when
its own heap has come to that very step. So the order of a run is the same as ever.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from labrpc.world.events import Action, Call, Result


class Certain(msgspec.Struct, frozen=True, gc=False):
    """What is certain at one moment; without arguments, nothing is.

    Attributes:
        until_ns: before this moment nothing reaches the server but what follows from
            its own steps; 0 where the scenario may act at any moment.
        invoke_id: the number of the next call of a method; 0 if the server is not asked
            for its state.
        takes_max: how many messages are taken one after the other, with nothing between.
    """

    until_ns: int = 0
    invoke_id: int = 0
    takes_max: int = 0


NOTHING = Certain()


class Foresight(Protocol):
    """What certainly follows the steps of one incarnation.

    Attributes:
        asks_by: the method that is called at once when the state may have changed.
        called: the RPC method that the server's earlier incarnations called last.
        take_ns: how long a message is left on the apply channel.
    """

    asks_by: str
    called: str
    take_ns: int

    def certain(self) -> Certain:
        """Return what is certain as the world is about to step the server."""


def called_another(actions: Sequence[Action], called: str) -> tuple[bool | None, str]:
    """Return whether a server has called another RPC method than before, and the last.

    None instead of whether where a method that was invoked has returned: what it
    returned may be news enough.

    Args:
        actions: what the server did in one step.
        called: the RPC method that it had called last.
    """
    another = False
    for action in actions:
        if type(action) is Call:
            if action.method != called:
                called = action.method
                another = True
        elif type(action) is Result:
            return None, called
    return another, called
