"""What can be foreseen of the events that reach a server after one step of it.

To step a box in a process of its own costs two changes of processes, most of what
isolation takes. So the world reports with an event what follows, as far as nothing else
can come before. The box takes those steps at once, and the world fetches what they did
when their time has come, in the same order as ever.
"""

from collections.abc import Sequence

import msgspec

from labrpc.world.events import Action, Call, Result


class Foresight(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What follows an event, unless the server's own messages bring something else.

    Attributes:
        until_ns: before this moment nothing reaches the server but what is foreseen
            here: what it applies is taken, its time-outs end.
        delay_ns_min: how long after a message of the server's at the earliest another
            one can reach it.
        take_ns: how long each message stays on the apply channel; 0 if not known.
        takes_max: after so many messages that were taken, nothing more is foreseen.
        invoke_id: the number of the next call of a method.
        probe: the method that is called at once when the server's state may have
            changed; "" for none.
        rpc_method: the RPC method that the server has called last.
    """

    until_ns: int
    delay_ns_min: int
    take_ns: int = 0
    takes_max: int = 0
    invoke_id: int = 0
    probe: str = ""
    rpc_method: str = ""


def may_change_state(
    actions: Sequence[Action], rpc_method: str, saved: bool
) -> tuple[bool, str]:
    """Return whether a server's state may have changed in a step, and its RPC method.

    It may when the server saved its state, or called another RPC method than before: a
    candidate that has won begins to replicate. Not in a step in which a method that was
    invoked returned: `start` reports the term as well.

    Args:
        actions: what the server did in the step.
        rpc_method: the RPC method that it had called last.
        saved: whether it saved its state.
    """
    changed = saved
    for action in actions:
        kind = type(action)
        if kind is Call:
            if action.method != rpc_method:  # type: ignore[union-attr]
                rpc_method = action.method  # type: ignore[union-attr]
                changed = True
        elif kind is Result:
            return False, rpc_method
    return changed, rpc_method
