"""The network between servers: 6.824's rules, in virtual time.

Decides what becomes of each RPC and when; carries bytes and never looks at
them. Draws every random number of a message whether or not its outcome is
used, so that two runs which differ in one fault can still be compared.
"""

from collections.abc import Callable
from random import Random
from typing import Protocol

from labrpc.clock import MICROSECOND, MILLISECOND
from labrpc.world.events import Call, Event, Reply, Request, Response
from labrpc.world.message_reports import MessageReports
from labrpc.world.network_faults import NetworkFaults
from labrpc.world.rpc import Incarnation, Loss

# A message takes a little even on a reliable network, so that at one instant
# of virtual time nothing can go round in circles.
TRANSIT_NS_MIN = 100 * MICROSECOND
TRANSIT_NS_MAX = 2000 * MICROSECOND
# Unreliable: a request is held up to so long, and each message may be lost.
UNRELIABLE_DELAY_MS_MAX = 26
LOSS = 0.1
# Long reordering: the share of replies that are held back, and for how long.
REORDERED = 2 / 3
REORDER_DELAY_MS_MIN = 200
REORDER_DELAY_MS_SPREAD = 2000
# A call to a server that is down or cut off fails after up to so long.
DEAD_DELAY_MS = 100
DEAD_LONG_DELAY_MS = 7000
# How often a call looks whether the server that runs it is still there.
LIVENESS_POLL_NS = 100 * MILLISECOND


class Clockwork(Protocol):
    """What the network asks of the world: the time, and things done later."""

    now_ns: int

    def post(self, delay_ns: int, host: Incarnation, event: Event) -> int:
        """Deliver an event to an incarnation after a delay; return its number."""

    def after(self, delay_ns: int, callback: Callable[[], None]) -> None:
        """Call `callback` after a delay."""


_Pending = tuple[Incarnation, Incarnation, int, int]
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
        transit_ns: the least and the longest time that a message takes on a reliable
            network; in between every time is as likely.
        draws: decides how long messages take, and which an unreliable network loses.
        faults: duplicates, heavy-tailed delays and the like; None for none.
        reports: follows each message for observers; None if there are none.
    """

    def __init__(self, servers: int, draws: Random, clockwork: Clockwork) -> None:
        self.reliable = True
        self.long_delays = False
        self.long_reordering = False
        self.calls = 0
        self.bytes = 0
        self.transit_ns = (TRANSIT_NS_MIN, TRANSIT_NS_MAX)
        self.received = [0] * servers
        self.sent_bytes = [0] * servers
        self.faults: NetworkFaults | None = None
        self.reports: MessageReports | None = None
        self._enabled = [[False] * servers for _ in range(servers)]
        self._hosts: list[Incarnation | None] = [None] * servers
        self._pending: dict[int, _Pending] = {}
        self._last_id = 0
        self.draws = draws
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

    def add(self, host: Incarnation) -> None:
        """Let requests reach an incarnation that has started."""
        self._hosts[host.server] = host
        self.received[host.server] = 0

    def remove(self, host: Incarnation) -> None:
        """Take a crashed incarnation off the network; calls to it will fail."""
        if self._hosts[host.server] is host:
            self._hosts[host.server] = None
        for request_id, (caller, callee, _, at_ns) in list(self._pending.items()):
            if caller is host:
                del self._pending[request_id]
            elif callee is host:
                self._poll_later(request_id, at_ns)
        if self.reports is not None:
            self.reports.crashed(host)

    # Messages.

    def send(self, src: Incarnation, call: Call) -> None:
        """Carry an RPC that `src` has sent."""
        draw = self._draw
        transit, hold, loss, dead = draw(), draw(), draw(), draw()
        size = len(call.data)
        self.calls += 1
        self.bytes += size
        self.sent_bytes[src.server] += size
        if self.reports is not None:
            self.reports.sent(src, call)
        dst = self._hosts[call.dst] if 0 <= call.dst < len(self._hosts) else None
        if dst is None or not self._enabled[src.server][call.dst]:
            longest_ms = DEAD_LONG_DELAY_MS if self.long_delays else DEAD_DELAY_MS
            delay_ns = TRANSIT_NS_MIN + int(dead * longest_ms) * MILLISECOND
            why = Loss.RECEIVER_DOWN if dst is None else Loss.CUT_OFF
            self._lose_request(delay_ns, src, call, why)
            return
        delay_ns = self._transit_ns(transit)
        if not self.reliable:
            delay_ns += int(hold * (UNRELIABLE_DELAY_MS_MAX + 1)) * MILLISECOND
            if loss < LOSS:
                self._lose_request(delay_ns, src, call, Loss.REQUEST_LOST)
                return
        if self.faults is not None:
            link = (src.server, dst.server)
            delay_ns += self.faults.delay_ns(link)
            copy_delay_ns = self.faults.copy_delay_ns(src.server)
            if self.faults.loses_request(link, call.method):
                self._lose_request(delay_ns, src, call, Loss.REQUEST_LOST)
                return
            if copy_delay_ns is not None:
                self._dispatch(src, dst, call, delay_ns + copy_delay_ns, copy=True)
        self._dispatch(src, dst, call, delay_ns)

    def _transit_ns(self, draw: float) -> int:
        shortest_ns, longest_ns = self.transit_ns
        return shortest_ns + int(draw * (longest_ns - shortest_ns))

    def _lose_request(
        self, delay_ns: int, src: Incarnation, call: Call, why: Loss
    ) -> None:
        """Let a call fail after a delay: its request does not get through."""
        self._post(delay_ns, src, Response(call.call_id, None))
        if self.reports is not None:
            self.reports.lost_at_once(why)

    def _dispatch(
        self,
        src: Incarnation,
        dst: Incarnation,
        call: Call,
        delay_ns: int,
        copy: bool = False,
    ) -> None:
        """Let a request arrive after a delay."""
        self._last_id = request_id = self._last_id + 1
        delivered_at_ns = self._clockwork.now_ns + delay_ns
        self._pending[request_id] = (src, dst, call.call_id, delivered_at_ns)
        serial = self._post(
            delay_ns, dst, Request(request_id, src.server, call.method, call.data)
        )
        if self.reports is not None:
            self.reports.on_its_way(serial, request_id, dst, copy)

    def reply(self, host: Incarnation, reply: Reply) -> None:
        """Carry what a handler of `host` returned back to the caller."""
        request_id, data = reply.request_id, reply.data
        draw = self._draw
        transit, loss, reorder, spread, within = draw(), draw(), draw(), draw(), draw()
        if self.reports is not None:
            self.reports.replied(request_id)
        pending = self._pending.pop(request_id, None)
        if pending is None:
            # A call that has failed is followed no longer: this one's caller crashed.
            self._note_loss(request_id, Loss.CALLER_GONE)
            return
        src, _, call_id, _ = pending
        if not self._connected(src, host):
            self._post(0, src, Response(call_id, None))
            self._note_loss(request_id, Loss.CUT_OFF)
            return
        if not self.reliable and loss < LOSS:
            self._post(0, src, Response(call_id, None))
            self._note_loss(request_id, Loss.REPLY_LOST)
            return
        delay_ns = self._transit_ns(transit)
        if self.long_reordering and reorder < REORDERED:
            most_ms = int(spread * REORDER_DELAY_MS_SPREAD)
            held_ms = REORDER_DELAY_MS_MIN + int(within * (most_ms + 1))
            delay_ns += held_ms * MILLISECOND
        if self.faults is not None:
            link = (host.server, src.server)
            delay_ns += self.faults.delay_ns(link)
            delay_ns += self.faults.slow_replies_ns.get(link, 0)
            if link in self.faults.lost_replies or self.faults.loses():
                self._post(delay_ns, src, Response(call_id, None))
                self._note_loss(request_id, Loss.REPLY_LOST)
                return
        self.bytes += len(data)
        serial = self._post(delay_ns, src, Response(call_id, data))
        if self.reports is not None:
            self.reports.reply_on_its_way(serial, request_id)

    def _note_loss(self, request_id: int, why: Loss) -> None:
        if self.reports is not None:
            self.reports.lost(request_id, why)

    # Liveness.

    def _connected(self, src: Incarnation, dst: Incarnation) -> bool:
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
            self._note_loss(request_id, Loss.CUT_OFF)
