"""Faults of a bad network beyond 6.824's loss and delay.

Off by default, and then it costs nothing. It draws from a stream of its own,
so that switching it on leaves the network's other draws as they were.
"""

from collections.abc import Container
from random import Random

from labrpc.clock import MILLISECOND

# A held message is late by so much at least; longer by a power law (Pareto), so
# that most are a little late and a few very much.
HELD_NS_MIN = 5 * MILLISECOND
_TAIL_EXPONENT = 1.0
# A Raft has three methods; the names of one with thousands must not fill the memory.
METHODS_MAX = 16

Link = tuple[int, int]
"""From a server to a server: messages in this direction, requests or replies."""


class NetworkFaults:
    """Duplicates, heavy-tailed delays, slow links, and losses of one kind of message.

    A copy of a request is executed like the request itself, so a handler may
    run twice, the second time much later: at-least-once delivery. A copy of a
    reply would change nothing: an RPC has returned with the first.

    Attributes:
        lost: the share of messages that are lost.
        duplicated: the share of requests that are delivered twice.
        duplicated_srcs: whose requests those are; None for everybody's.
        held: the share of messages that are held up.
        held_ns_max: the longest that a message is held up, or a copy is late.
        slow_ns: what messages on a link take longer.
        slow_replies_ns: what replies on a link take longer; requests do not.
        lost_requests: links on which RPCs do not arrive; replies still do.
        lost_methods: methods of RPCs that do not arrive, on any link.
        methods: which methods RPCs have called so far, at most `METHODS_MAX` of them.
        draws: decides which messages these are.
        lost_replies: links on which replies do not arrive; RPCs still do.
    """

    def __init__(self, draws: Random) -> None:
        self.draws = draws
        self._draw = draws.random
        self.methods: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Switch every fault off."""
        self.lost = 0.0
        self.duplicated = 0.0
        self.duplicated_srcs: Container[int] | None = None
        self.held = 0.0
        self.held_ns_max = 2000 * MILLISECOND
        self.slow_ns: dict[Link, int] = {}
        self.slow_replies_ns: dict[Link, int] = {}
        self.lost_requests: set[Link] = set()
        self.lost_methods: set[str] = set()
        self.lost_replies: set[Link] = set()

    def delay_ns(self, link: Link) -> int:
        """Return how much longer a message on this link takes."""
        held, late = self._draw(), self._draw()
        delay_ns = self.slow_ns.get(link, 0)
        if held < self.held:
            delay_ns += self._late_ns(late)
        return delay_ns

    def loses_request(self, link: Link, method: str) -> bool:
        """Return whether the next message, an RPC to this method, is lost."""
        if len(self.methods) < METHODS_MAX:
            self.methods.add(method)
        return link in self.lost_requests or method in self.lost_methods or self.loses()

    def loses(self) -> bool:
        """Return whether the next message is lost; draw nothing if none ever is."""
        return self.lost > 0 and self._draw() < self.lost

    def copy_delay_ns(self, src: int) -> int | None:
        """Return how long after a request of `src` its copy arrives, None for no copy."""
        copied, late = self._draw(), self._draw()
        if copied >= self.duplicated:
            return None
        srcs = self.duplicated_srcs
        return self._late_ns(late) if srcs is None or src in srcs else None

    def _late_ns(self, draw: float) -> int:
        """Return a delay from a distribution with a heavy tail, cut off at the end."""
        longest = self.held_ns_max / HELD_NS_MIN
        # The inverse of a bounded Pareto distribution's cumulative function.
        low = 1.0 - longest**-_TAIL_EXPONENT
        return int(HELD_NS_MIN * (1.0 - draw * low) ** (-1.0 / _TAIL_EXPONENT))
