"""A cluster whose leaders are crashed again and again, and who replaced them when.

Nothing is known of the servers but the contract: `get_state` says who leads, and a
leader's first message to each of the others ends the time without a leader.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from labrpc.box_factory import InProcessBoxFactory
from labrpc.clock import MILLISECOND
from labrpc.submission.submission import Submission
from labrpc.world.streams import stream
from labrpc.world.world import World
from tester.errors import UsageError
from tester.experiments.traffic import Traffic

# How long after a crash servers that may lead are asked again. When messages arrive is
# known exactly all the same.
LOOK_NS = MILLISECOND
# The same while the servers settle.
LOOK_AGAIN_NS = 5 * MILLISECOND
# Servers that have no leader for so long are started anew, some times.
ELECTION_NS_MAX = 2_000 * MILLISECOND
STARTS_MAX = 20
# After this time without a message to all, a server that led does so no longer.
LEADER_NS_MAX = 500 * MILLISECOND
# How many messages' time it takes until a command's leader knows who has it: it may wait
# for the answer to a heartbeat, then it is sent and acknowledged.
MESSAGES_OF_A_COMMAND = 5


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
        self._successor: int | None = None
        self._crashed_too: list[int] = []

    @property
    def longest_message_ms(self) -> float:
        """Return how long a message takes at most."""
        return self.world.network.transit_ns[1] / MILLISECOND

    def boot(self) -> None:
        """Start all servers anew, connected to each other.

        One after the other, so that one of them leads soon whatever the time-outs are.
        """
        self._successor = None
        for server in self.servers:
            self.world.crash(server)
        for server in self.servers:
            self.world.start(server)
            self.sleep_ms(4 * self.longest_message_ms)
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
        """Wait until one server leads, and all others have what it has; return it.

        Starts all servers anew where votes are split for long.

        Raises:
            UsageError: they never elect a leader.
        """
        for _ in range(STARTS_MAX):
            until_ns = self.world.now_ns + ELECTION_NS_MAX
            while self.world.now_ns < until_ns:
                leader = self._last_leader()
                if leader is None:
                    self.world.sleep_ns(LOOK_AGAIN_NS)
                    continue
                if self._next_broadcast(leader, LEADER_NS_MAX) is None:
                    continue  # Another server has deposed it meanwhile.
                self.sleep_ms(MESSAGES_OF_A_COMMAND * self.longest_message_ms)
                if self._is_followed_by_all(leader):
                    return leader
            self.boot()
        raise UsageError(
            "the servers elect no leader that all others follow; an experiment needs "
            "one to crash"
        )

    def _last_leader(self) -> int | None:
        """Return the leader of the latest term, None if there is none."""
        if self._successor is not None:
            leader, self._successor = self._successor, None
            return leader
        states = self.states()
        latest = max(states, key=lambda server: states[server])
        return latest if states[latest][1] else None

    def _is_followed_by_all(self, leader: int) -> bool:
        states = self.states()
        leaders = [server for server, (_, leads) in states.items() if leads]
        return leaders == [leader] and len({term for term, _ in states.values()}) == 1

    # Time.

    def sleep_ms(self, duration_ms: float) -> None:
        """Let virtual time pass."""
        self.world.sleep_ns(round(duration_ms * MILLISECOND))

    def await_broadcast(self, server: int) -> int:
        """Wait until a leader sends to all; return when it did, in nanoseconds.

        Raises:
            UsageError: it never does.
        """
        sent_ns = self._next_broadcast(server, ELECTION_NS_MAX)
        if sent_ns is None:
            raise UsageError(f"server {server} leads, and sends no heartbeats")
        return sent_ns

    def _next_broadcast(self, server: int, limit_ns: int) -> int | None:
        """Wait until a server sends to all; return when it did, None if it does not."""
        sent_ns = self.traffic.broadcast_ns
        before_ns = sent_ns.get(server)
        until_ns = self.world.now_ns + limit_ns
        if self._await(lambda: sent_ns.get(server) != before_ns, until_ns):
            return sent_ns[server]
        return None

    def _await(self, done: Callable[[], bool], until_ns: int, look_ns: int = 0) -> bool:
        """Let one thing happen after another until `done`; return whether it is.

        Args:
            done: what is waited for.
            until_ns: when to give up.
            look_ns: how much time may pass between two looks.
        """
        world = self.world
        while not done():
            next_ns = world.next_event_ns
            if next_ns is None or next_ns > until_ns:
                world.sleep_ns(until_ns - world.now_ns)
                return done()
            world.sleep_ns(max(next_ns - world.now_ns, look_ns))
        return True

    # The crash.

    def crash_too(self, server: int) -> None:
        """Crash a server besides the leader, until the leader has been replaced."""
        self.world.crash(server)
        self._crashed_too.append(server)

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
        terms: dict[int, int] = {}
        until_ns = crashed_ns + round(limit_ms * MILLISECOND)
        self._await(lambda: self._found_successor(terms), until_ns, LOOK_NS)
        self.connect_all()
        for server in (leader, *self._crashed_too):
            self.world.start(server)
        self._crashed_too.clear()
        successor = self._successor
        if successor is None:
            return Replacement(float("inf"), 0)
        heard_ns = max(self.traffic.followed[successor].heard_ns.values())
        downtime_ms = (heard_ns - crashed_ns) / MILLISECOND
        return Replacement(downtime_ms, terms[successor] - term)

    def _found_successor(self, terms: dict[int, int]) -> bool:
        """Return whether there is a new leader that all others have heard from.

        Args:
            terms: gets the term of each server that has led since the crash.
        """
        begun, followed = self.traffic.begun, self.traffic.followed
        while begun:
            server, broadcast = begun.popitem()
            term, leads = self.world.invoke(server, "get_state")
            if leads and terms.get(server) != term:
                terms[server] = term
                followed[server] = broadcast
        for server, broadcast in followed.items():
            others = sum(host is not None for host in self.world.hosts) - 1
            if len(broadcast.heard_ns) == others:
                self._successor = server
        return self._successor is not None


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
