"""The network between servers: 6.824's rules, in virtual time.

Decides what becomes of each RPC and when; carries bytes and never looks at
them. Draws every random number of a message whether or not its outcome is
used, so that two runs which differ in one fault can still be compared.
"""

from collections.abc import Callable
from random import Random
from typing import Protocol

from labrpc.clock import MICROSECOND, MILLISECOND
from labrpc.world.events import Call, Event, Request, Response
from labrpc.world.network_faults import NetworkFaults

# A message takes a little even on a reliable network, so that at one instant
# of virtual time nothing can go round in circles.
TRANSIT_NS_MIN = 100 * MICROSECOND
TRANSIT_NS_MAX = 2000 * MICROSECOND
_TRANSIT_NS_SPREAD = TRANSIT_NS_MAX - TRANSIT_NS_MIN
# Unreliable: a request is held up to so long, and each message may be lost.
UNRELIABLE_DELAY_MS_MAX = 26
LOSS = 0.1
# Long reordering: so many replies are held back, from the least delay on.
REORDERED = 2 / 3
REORDER_DELAY_MS_MIN = 200
REORDER_DELAY_MS_SPREAD = 2000
# A call to a server that is down or cut off fails after up to so long.
DEAD_DELAY_MS = 100
DEAD_LONG_DELAY_MS = 7000
# How often a call looks whether the server that runs it is still there.
LIVENESS_POLL_NS = 100 * MILLISECOND


class Node(Protocol):
    """One incarnation of a server, as the network sees it."""

    server: int
    up: bool


class Clockwork(Protocol):
    """What the network asks of the world: the time, and things done later."""

    now_ns: int

    def post(self, delay_ns: int, node: Node, event: Event) -> None:
        """Deliver an event to a node after a delay."""

    def after(self, delay_ns: int, callback: Callable[[], None]) -> None:
        """Call `callback` after a delay."""


_Pending = tuple[Node, Node, int, int]
"""An RPC under way: caller, callee, the caller's call id, when it is delivered."""


class Network:
    """Links, losses, delays and counts.

    Attributes:
        reliable: no loss, and only the smallest delays.
        long_delays: calls to dead servers take up to 7 s to fail.
        long_reordering: two replies of three are held back by 0.2 to 2.2 s.
        calls: RPCs sent, in total.
        bytes: bytes of requests sent and of replies delivered, in total.
        received: requests that reached each server's current incarnation.
        sent_bytes: bytes of requests that each server has sent.
        faults: duplicates, heavy-tailed delays and the like; None for none.
    """

    def __init__(self, servers: int, draws: Random, clockwork: Clockwork) -> None:
        self.reliable = True
        self.long_delays = False
        self.long_reordering = False
        self.calls = 0
        self.bytes = 0
        self.received = [0] * servers
        self.sent_bytes = [0] * servers
        self.faults: NetworkFaults | None = None
        self._enabled = [[False] * servers for _ in range(servers)]
        self._nodes: list[Node | None] = [None] * servers
        self._pending: dict[int, _Pending] = {}
        self._last_id = 0
        self._draw = draws.random
        self._clockwork = clockwork
        self._post = clockwork.post

    # Topology.

    def enable(self, src: int, dst: int, enabled: bool = True) -> None:
        """Let messages pass from `src` to `dst`, or no longer.

        A cut link is noticed by calls under way at their next liveness poll.
        """
        if self._enabled[src][dst] and not enabled:
            for request_id, (caller, callee, _, at_ns) in self._pending.items():
                if caller.server == src and callee.server == dst:
                    self._poll_later(request_id, at_ns)
        self._enabled[src][dst] = enabled

    def is_enabled(self, src: int, dst: int) -> bool:
        """Return whether messages pass from `src` to `dst`."""
        return self._enabled[src][dst]

    def add(self, node: Node) -> None:
        """Let requests reach an incarnation that has started."""
        self._nodes[node.server] = node
        self.received[node.server] = 0

    def remove(self, node: Node) -> None:
        """Take a crashed incarnation off the network; calls to it will fail."""
        if self._nodes[node.server] is node:
            self._nodes[node.server] = None
        for request_id, (caller, callee, _, at_ns) in list(self._pending.items()):
            if caller is node:
                del self._pending[request_id]
            elif callee is node:
                self._poll_later(request_id, at_ns)

    # Messages.

    def send(self, src: Node, call: Call) -> None:
        """Carry an RPC that `src` has sent."""
        draw = self._draw
        transit, hold, loss, dead = draw(), draw(), draw(), draw()
        size = len(call.data)
        self.calls += 1
        self.bytes += size
        self.sent_bytes[src.server] += size
        dst = self._nodes[call.dst] if 0 <= call.dst < len(self._nodes) else None
        if dst is None or not self._enabled[src.server][call.dst]:
            longest_ms = DEAD_LONG_DELAY_MS if self.long_delays else DEAD_DELAY_MS
            delay_ns = TRANSIT_NS_MIN + int(dead * longest_ms) * MILLISECOND
            self._post(delay_ns, src, Response(call.call_id, None))
            return
        delay_ns = TRANSIT_NS_MIN + int(transit * _TRANSIT_NS_SPREAD)
        if not self.reliable:
            delay_ns += int(hold * (UNRELIABLE_DELAY_MS_MAX + 1)) * MILLISECOND
            if loss < LOSS:
                self._post(delay_ns, src, Response(call.call_id, None))
                return
        if self.faults is not None:
            link = (src.server, dst.server)
            delay_ns += self.faults.delay_ns(link)
            copy_delay_ns = self.faults.copy_delay_ns()
            if link in self.faults.lost_requests:
                self._post(delay_ns, src, Response(call.call_id, None))
                return
            if copy_delay_ns is not None:
                self._dispatch(src, dst, call, delay_ns + copy_delay_ns)
        self._dispatch(src, dst, call, delay_ns)

    def _dispatch(self, src: Node, dst: Node, call: Call, delay_ns: int) -> None:
        """Let a request arrive after a delay."""
        self._last_id = request_id = self._last_id + 1
        delivered_at_ns = self._clockwork.now_ns + delay_ns
        self._pending[request_id] = (src, dst, call.call_id, delivered_at_ns)
        self._post(
            delay_ns, dst, Request(request_id, src.server, call.method, call.data)
        )

    def deliver(self, node: Node) -> None:
        """Count a request that has reached a server."""
        self.received[node.server] += 1

    def reply(self, request_id: int, data: bytes) -> None:
        """Carry what a handler returned back to the caller."""
        draw = self._draw
        transit, loss, reorder, spread, within = draw(), draw(), draw(), draw(), draw()
        pending = self._pending.pop(request_id, None)
        if pending is None:
            return
        src, dst, call_id, _ = pending
        if not self._connected(src, dst) or (not self.reliable and loss < LOSS):
            self._post(0, src, Response(call_id, None))
            return
        delay_ns = TRANSIT_NS_MIN + int(transit * _TRANSIT_NS_SPREAD)
        if self.long_reordering and reorder < REORDERED:
            most_ms = int(spread * REORDER_DELAY_MS_SPREAD)
            held_ms = REORDER_DELAY_MS_MIN + int(within * (most_ms + 1))
            delay_ns += held_ms * MILLISECOND
        if self.faults is not None:
            link = (dst.server, src.server)
            delay_ns += self.faults.delay_ns(link)
            if link in self.faults.lost_replies:
                self._post(delay_ns, src, Response(call_id, None))
                return
        self.bytes += len(data)
        self._post(delay_ns, src, Response(call_id, data))

    # Liveness.

    def _connected(self, src: Node, dst: Node) -> bool:
        return dst.up and self._enabled[src.server][dst.server]

    def _poll_later(self, request_id: int, delivered_at_ns: int) -> None:
        """Let the caller find out at its next look whether the call still runs."""
        now_ns = self._clockwork.now_ns
        running_ns = max(now_ns - delivered_at_ns, 0)
        looks = running_ns // LIVENESS_POLL_NS + 1
        next_look_ns = delivered_at_ns + looks * LIVENESS_POLL_NS
        self._clockwork.after(next_look_ns - now_ns, lambda: self._poll(request_id))

    def _poll(self, request_id: int) -> None:
        pending = self._pending.get(request_id)
        if pending is None:
            return
        src, dst, call_id, _ = pending
        if not self._connected(src, dst):
            del self._pending[request_id]
            self._post(0, src, Response(call_id, None))
