"""The faults of part 2X: functions that disturb a cluster during one episode.

Each has its own random stream, by its name, so any of them can be combined. Some only
set something at the beginning of an episode; others act until it is over, as a thread
of the scenario. The cluster's `heal` undoes whatever they have done.
"""

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import TypeVar

from labrpc.clock import from_seconds
from labrpc.world import crash_points
from labrpc.world.streams import stream
from tester.scenario.faulty_cluster import FaultyCluster
from tester.scenario.raft_cluster import RaftCluster

_T = TypeVar("_T")

CRASH_POINTS = (
    crash_points.before_persist,
    crash_points.after_persist,
    crash_points.between_saves,
    crash_points.before_reply,
    crash_points.after_reply,
    crash_points.after_call,
)


class Episode:
    """A span of time with faults, as one of them sees it.

    Attributes:
        cluster: where the fault happens.
        random: this fault's own stream.
    """

    def __init__(self, cluster: FaultyCluster, seconds: float, *names: object) -> None:
        self.cluster = cluster
        self.random: Random = stream(cluster.seed, "fault", *names)
        self._ends_ns = cluster.now_ns + from_seconds(seconds)

    def rest(self, low_s: float, high_s: float) -> bool:
        """Let time pass, and return whether the episode goes on."""
        left_ns = max(self._ends_ns - self.cluster.now_ns, 0)
        rest_ns = from_seconds(self.random.uniform(low_s, high_s))
        self.cluster.sleep_ns(min(rest_ns, left_ns))
        return self.cluster.now_ns < self._ends_ns

    def any(self, choices: list[_T]) -> _T:
        """Return one of several choices."""
        return self.random.choice(choices)

    def a_server(self) -> int:
        """Return the number of a random server."""
        return self.random.randrange(len(self.cluster.servers))

    def some_links(self, share: float) -> list[tuple[int, int]]:
        """Return about this share of the directed links between servers."""
        servers = self.cluster.servers
        links = [(a, b) for a in servers for b in servers if a != b]
        return [link for link in links if self.random.random() < share]


Fault = Callable[[Episode], None]


# Messages.


def duplicates(episode: Episode) -> None:
    """Deliver many requests twice, the copy possibly much later."""
    episode.cluster.duplicate_requests(share=episode.any([0.1, 0.3, 0.6]))


def heavy_tails(episode: Episode) -> None:
    """Hold up many messages: most of them a little, a few for very long."""
    episode.cluster.hold_messages(share=episode.any([0.1, 0.3, 0.6]))
    episode.cluster.limit_delays(longest_ms=episode.any([300, 1000, 2000]))


def losses(episode: Episode) -> None:
    """Lose one message in ten, and delay the others, as 6.824 does."""
    episode.cluster.set_reliable(False)


def lost_requests(episode: Episode) -> None:
    """Lose all RPCs on some links, though replies pass."""
    while True:
        lost = episode.some_links(0.3)
        episode.cluster.lose_requests(*lost)
        if not episode.rest(0.1, 0.6):
            return


def lost_replies(episode: Episode) -> None:
    """Lose all replies on some links, though RPCs pass and are executed."""
    while True:
        lost = episode.some_links(0.3)
        episode.cluster.lose_replies(*lost)
        if not episode.rest(0.1, 0.6):
            return


def lost_methods(episode: Episode) -> None:
    """Lose all requests of one method, say AppendEntries, and then those of another."""
    while True:
        lose_one_method(episode.cluster, episode.random)
        if not episode.rest(0.2, 0.9):
            return


def slow_answers(episode: Episode) -> None:
    """Let less than half of the servers answer later than elections time out."""
    cluster = episode.cluster
    for server in episode.random.sample(
        list(cluster.servers), (len(cluster.servers) - 1) // 2
    ):
        delay_ms = episode.random.randint(300, 1500)
        for other in cluster.servers:
            cluster.slow_replies(server, other, delay_ms)


def slow_links(episode: Episode) -> None:
    """Make some links slow, each in one direction."""
    for src, dst in episode.some_links(0.4):
        episode.cluster.slow_link(src, dst, delay_ms=episode.random.randint(10, 250))


# Links.


def one_way_links(episode: Episode) -> None:
    """Cut some links in one direction only."""
    while True:
        cut = set(episode.some_links(0.3))
        _set_links(episode, cut)
        if not episode.rest(0.1, 0.8):
            return


def partial_partitions(episode: Episode) -> None:
    """Cut the links of some pairs of servers, which others may still reach."""
    while True:
        cut = set(episode.some_links(0.25))
        _set_links(episode, cut | {(b, a) for a, b in cut})
        if not episode.rest(0.2, 0.8):
            return


def flapping_links(episode: Episode) -> None:
    """Cut and restore a few links again and again."""
    links = episode.some_links(0.3)
    down = False
    while episode.rest(0.01, 0.15):
        down = not down
        _set_links(episode, set(links) if down else set())


def bare_majorities(episode: Episode) -> None:
    """Let only a bare majority communicate, and another one after a while."""
    servers = list(episode.cluster.servers)
    while True:
        majority = episode.random.sample(servers, len(servers) // 2 + 1)
        outside = {
            (a, b)
            for a in servers
            for b in servers
            if a not in majority or b not in majority
        }
        _set_links(episode, outside)
        if not episode.rest(0.2, 0.9):
            return


def leaders_cut_off(episode: Episode) -> None:
    """Cut off the leader now and then, and let it come back."""
    cluster = episode.cluster
    while episode.rest(0.05, 0.5):
        for server in cluster.up():
            state = cluster.get_state(server)
            if state[1]:
                _set_links(
                    episode,
                    {(a, b) for a in cluster.servers for b in cluster.servers
                     if server in (a, b)},
                )  # fmt: skip
    _set_links(episode, set())


def _set_links(episode: Episode, cut: set[tuple[int, int]]) -> None:
    """Cut these links and restore all others."""
    cluster = episode.cluster
    for a in cluster.servers:
        for b in cluster.servers:
            passes = (a, b) not in cut
            if cluster.is_linked(a, b) != passes:
                cluster.set_link(a, b, passes)


# Servers.


def pauses(episode: Episode) -> None:
    """Stop some servers for a while, and let them go on at the same instant."""
    cluster = episode.cluster
    while episode.rest(0.05, 0.4):
        count = episode.random.randint(1, max(1, len(cluster.servers) // 2))
        servers = episode.random.sample(list(cluster.servers), count)
        for server in servers:
            cluster.pause(server)
        episode.rest(0.02, 0.9)
        for server in servers:
            cluster.resume(server)


def skewed_clocks(episode: Episode) -> None:
    """Let each server's clock run at a speed of its own."""
    for server in episode.cluster.servers:
        percent = episode.random.randint(70, 140)
        episode.cluster.set_clock_rate(server, Fraction(percent, 100))


def crashes(episode: Episode) -> None:
    """Crash a server now and then, and restart it soon."""
    while episode.rest(0.02, 0.5):
        server = episode.a_server()
        episode.cluster.crash(server)
        episode.rest(0.0, episode.any([0.001, 0.05, 0.4]))
        _start(episode, server)


def crash_in_a_step(episode: Episode) -> None:
    """Let a server crash between two actions of one step; restart it at once, mostly."""
    cluster = episode.cluster
    while episode.rest(0.005, 0.2):
        server = episode.a_server()
        cluster.crash_at(server, episode.any([*CRASH_POINTS]))
        while cluster.is_up(server) and episode.rest(0.005, 0.02):
            pass
        if not cluster.is_up(server):
            episode.rest(0.0, episode.any([0.001, 0.001, 0.3]))
            _start(episode, server)
        cluster.crash_at(server, None)


def power_failures(episode: Episode) -> None:
    """Crash all servers at once, and restart them one by one."""
    cluster = episode.cluster
    while episode.rest(0.3, 1.0):
        cluster.crash(*cluster.servers)
        for server in episode.random.sample(
            list(cluster.servers), len(cluster.servers)
        ):
            episode.rest(0.0, 0.1)
            _start(episode, server)


def slow_services(episode: Episode) -> None:
    """Let state machines leave applied messages on the channel for a while."""
    cluster = episode.cluster
    assert isinstance(cluster, RaftCluster), (
        "only the lab's own state machines can be slow"
    )
    for server in cluster.servers:
        cluster.slow_state_machine(server, episode.random.randint(10, 50_000))


def slow_disks(episode: Episode) -> None:
    """Make saves slow, on each server by another time; its other threads go on."""
    for server in episode.cluster.servers:
        delay_us = episode.random.choice([0, 300, 3_000, 20_000])
        episode.cluster.slow_disk(server, delay_us)


def _start(episode: Episode, server: int) -> None:
    """Start a server that is down, unless another fault has done so."""
    cluster = episode.cluster
    if not cluster.is_up(server):
        cluster.restart(server)


MESSAGES = (
    duplicates, heavy_tails, losses, lost_requests, lost_replies, lost_methods,
    slow_links, slow_answers,
)  # fmt: skip
LINKS = (one_way_links, partial_partitions, flapping_links, bare_majorities)
SERVERS = (pauses, skewed_clocks, slow_services, slow_disks)
CRASHES = (crashes, crash_in_a_step, power_failures)
FAULTS: tuple[Fault, ...] = (*MESSAGES, *LINKS, leaders_cut_off, *SERVERS, *CRASHES)


# Before and after.


def lose_one_method(cluster: FaultyCluster, draws: Random) -> None:
    """Lose all requests of one of the methods that servers have called so far."""
    methods = cluster.methods_called()
    cluster.lose_methods(*draws.sample(methods, min(len(methods), 1)))


def inject(
    cluster: FaultyCluster, number: int, seconds: float, faults: list[Fault]
) -> None:
    """Inject all these faults at the same time, for some seconds.

    Args:
        number: of the episode, so that no two are alike.
    """
    names = [fault.__name__ for fault in faults]
    cluster.note_faults(number, *names)
    cluster.join(
        [
            cluster.spawn(fault, Episode(cluster, seconds, number, name))
            for fault, name in zip(faults, names, strict=True)
        ]
    )


def swarm(draws: Random, faults: tuple[Fault, ...]) -> list[Fault]:
    """Return a random subset, so that each run has a mixture of its own.

    Leaving most faults out finds more than all at once, where one hides what
    another would show (swarm testing).
    """
    share = draws.choice([0.15, 0.3, 0.5])
    chosen = [fault for fault in faults if draws.random() < share]
    return chosen or [draws.choice(faults)]
