"""Outlines of servers: what a server's state looks like from outside.

Servers with different histories often come to states between which nothing tells: one
more heartbeat was answered, and that is all. An outline leaves out the history, the
numbers of calls, and times. It can take two states for one, since it does not show what
only a thread knows. So a search may look for runs in outlines, but what it finds has to
be tried again with histories.
"""

import hashlib
import re
from functools import lru_cache

from tester.search.server_state import ServerState

_FRACTION = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")


@lru_cache(10_000)
def _without_times(text: str) -> str:
    return _FRACTION.sub("~", text)


def outline(state: ServerState, attributes: dict[str, str]) -> bytes | None:
    """Return what the states have in common that look like this one.

    Args:
        state: the server's.
        attributes: the plain values that its object holds, as text.

    Returns:
        None where nothing is known of the object, so that no other state is like it.
    """
    if not attributes:
        return None
    # Points of time are fractions of seconds: when a time-out ends is a choice.
    timeless = [(name, _without_times(text)) for name, text in attributes.items()]
    shown = (
        state.server,
        state.incarnation,
        state.term,
        state.leads,
        state.led,
        state.raft_state,
        state.snapshot,
        state.applied,
        state.compacted,
        state.stalled,
        state.invoked,
        state.puts,
        [call[1:] for call in state.calls],
        [request[1:] for request in state.unanswered],
        sorted(state.answers, key=repr),
        state.wake_ns is None,
        bool(state.outward),
        timeless,
    )
    return hashlib.blake2b(repr(shown).encode(), digest_size=16).digest()
