"""A cluster whose leaders are crashed again and again, and who replaced them when.

Nothing is known of the servers but the contract: `get_state` says who leads, and a
leader's first message to each of the others ends the time without a leader.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from labrpc.box_factory import InProcessBoxFactory
from labrpc.clock import MILLISECOND
from labrpc.submission.submission import Submission
from labrpc.world.events import Action, Call, Event, Response, Wake
from labrpc.world.observer import Observer
from labrpc.world.rpc import Delivery, Incarnation, Rpc
from labrpc.world.streams import stream
from labrpc.world.world import World
from tester.errors import UsageError

LOOK_NS = MILLISECOND // 2
# Servers that have no leader for so long are started anew, some times.
ELECTION_NS_MAX = 2_000 * MILLISECOND
STARTS_MAX = 20


class Traffic(Observer):
    """Watches who sends to whom, and when it arrives.

    Attributes:
        broadcast_ns: when each server last sent to more than one other.
        elected: servers that sent right after an answer, as new leaders do, with when.
        arrived: when a request of a server first arrived at another, of those sent
            since `forget` was called.
    """

    def __init__(self) -> None:
        self.broadcast_ns: dict[int, int] = {}
        self.forget()

    def forget(self) -> None:
        """Watch anew."""
        self.elected: dict[int, int] = {}
        self.arrived: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._sent_ns: dict[int, int] = {}

    def settled(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note a broadcast, and what may be the first one of a leader."""
        calls = sum(type(action) is Call for action in actions)
        if calls > 1:
            self.broadcast_ns[host.server] = now_ns
            if type(event) is Response or type(event) is Wake:
                self.elected[host.server] = now_ns

    def request_sent(self, now_ns: int, rpc: Rpc) -> None:
        """Note when a request was sent."""
        self._sent_ns[rpc.number] = now_ns

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Note when a request has arrived."""
        sent_ns = self._sent_ns.pop(delivery.rpc.number, None)
        if sent_ns is not None:
            link = (delivery.rpc.caller.server, delivery.rpc.dst)
            self.arrived.setdefault(link, []).append((sent_ns, now_ns))


@dataclass(frozen=True)
class Replacement:
    """How a crashed leader was replaced.

    Attributes:
        downtime_ms: from the crash until all others have heard from the new leader;
            infinite if that took too long.
        terms: the terms that were used; more than one if votes were split.
    """

    downtime_ms: float
    terms: int


class ElectionCluster:
    """Servers of one submission, and the random draws of an experiment.

    Args:
        submission: what they run.
        seed: text that all draws of the run come from.
        servers: how many there are.
        message_ns: the least and the longest time of a message.
    """

    def __init__(
        self,
        submission: Submission,
        seed: str,
        servers: int,
        message_ns: tuple[int, int],
    ) -> None:
        boxes = InProcessBoxFactory(submission)
        self.random: Random = stream(seed, "experiment")
        self.servers = range(servers)
        self.world = World(servers, seed, lambda s, i: boxes.box(s, i, seed))
        self.world.network.transit_ns = message_ns
        self.traffic = Traffic()
        self.world.observe(self.traffic)
        self.commands = 0

    def boot(self) -> None:
        """Start all servers anew, connected to each other.

        One after the other, so that one of them leads soon whatever the time-outs are.
        """
        for server in self.servers:
            self.world.crash(server)
        for server in self.servers:
            self.world.start(server)
            self.sleep_ms(4 * self.world.network.transit_ns[1] / MILLISECOND)
        self.connect_all()

    def connect_all(self) -> None:
        """Let all messages pass, as fast as any."""
        for src in self.servers:
            for dst in self.servers:
                self.world.network.enable(src, dst)
        self.world.network_faults().reset()

    def cut_off(self, server: int) -> None:
        """Let no message pass to or from a server."""
        for other in self.servers:
            if other != server:
                self.world.network.enable(server, other, False)
                self.world.network.enable(other, server, False)

    # Who leads.

    def states(self) -> dict[int, tuple[int, bool]]:
        """Return what each running server says: its term, and whether it leads."""
        return {
            server: self.world.invoke(server, "get_state")
            for server in self.servers
            if self.world.hosts[server] is not None
        }

    def settled_leader(self) -> int:
        """Wait until one server leads and all others are in its term; return it.

        Starts all servers anew where votes are split for long.

        Raises:
            UsageError: they never elect a leader.
        """
        for _ in range(STARTS_MAX):
            until_ns = self.world.now_ns + ELECTION_NS_MAX
            while self.world.now_ns < until_ns:
                states = self.states()
                leaders = [server for server, (_, leads) in states.items() if leads]
                terms = {term for term, _ in states.values()}
                if len(leaders) == len(terms) == 1:
                    return leaders[0]
                self.world.sleep_ns(10 * LOOK_NS)
            self.boot()
        raise UsageError(
            "the servers elect no leader that all others follow; an experiment needs "
            "one to crash"
        )

    # Time.

    def sleep_ms(self, duration_ms: float) -> None:
        """Let virtual time pass."""
        self.world.sleep_ns(round(duration_ms * MILLISECOND))

    def await_broadcast(self, server: int) -> int:
        """Wait until a leader sends to all; return when it did, in nanoseconds."""
        before_ns = self.traffic.broadcast_ns.get(server, 0)
        until_ns = self.world.now_ns + ELECTION_NS_MAX
        while self.traffic.broadcast_ns.get(server, 0) == before_ns:
            if self.world.now_ns > until_ns:
                raise UsageError(f"server {server} leads, and sends no heartbeats")
            self.world.sleep_ns(LOOK_NS)
        return self.traffic.broadcast_ns[server]

    # The crash.

    def crash_and_await_successor(
        self, leader: int, limit_ms: float, disturb: Callable[[], None]
    ) -> Replacement:
        """Crash a leader; return how it was replaced, and start it again.

        Args:
            leader: who leads.
            limit_ms: how long to wait for a new leader.
            disturb: called at the moment of the crash, when all are connected again.
        """
        term = max(term for term, _ in self.states().values())
        crashed_ns = self.world.now_ns
        self.traffic.forget()
        self.world.crash(leader)
        self.connect_all()
        disturb()
        found = self._await_successor(crashed_ns, limit_ms)
        self.connect_all()
        self.world.start(leader)
        if found is None:
            return Replacement(float("inf"), 0)
        heard_ns, new_term = found
        return Replacement((heard_ns - crashed_ns) / MILLISECOND, new_term - term)

    def _await_successor(
        self, crashed_ns: int, limit_ms: float
    ) -> tuple[int, int] | None:
        """Return when all have heard from the new leader, and its term."""
        until_ns = crashed_ns + round(limit_ms * MILLISECOND)
        led: dict[int, tuple[int, int]] = {}
        while self.world.now_ns < until_ns:
            self.world.sleep_ns(LOOK_NS)
            for server, since_ns in list(self.traffic.elected.items()):
                del self.traffic.elected[server]
                term, leads = self.world.invoke(server, "get_state")
                if leads and (server not in led or led[server][0] != term):
                    led[server] = (term, since_ns)
            for server, (term, since_ns) in led.items():
                heard_ns = self._heard_by_all(server, since_ns)
                if heard_ns is not None:
                    return heard_ns, term
        return None

    def _heard_by_all(self, leader: int, since_ns: int) -> int | None:
        """Return when all others have heard from a leader, None if some have not."""
        latest_ns = 0
        for server in self.servers:
            if server == leader or self.world.hosts[server] is None:
                continue
            times = self.traffic.arrived.get((leader, server), [])
            heard = [at_ns for sent_ns, at_ns in times if sent_ns >= since_ns]
            if not heard:
                return None
            latest_ns = max(latest_ns, min(heard))
        return latest_ns


@contextmanager
def election_cluster(
    submission: Submission, seed: str, servers: int, message_ns: tuple[int, int]
) -> Iterator[ElectionCluster]:
    """Run a cluster of its own for an experiment."""
    cluster = ElectionCluster(submission, seed, servers, message_ns)
    try:
        cluster.boot()
        yield cluster
    finally:
        cluster.world.close()
