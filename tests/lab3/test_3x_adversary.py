"""Part 3X, the adversary: clients go on while servers, links and messages fail at random.

In each episode something fails for a second or two while clients get and put. Then
all is healed, and each operation that is under way has to return within ten
virtual seconds. The history is checked all the time.
"""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from tester.scenario.faults import (
    CRASHES,
    LINKS,
    MESSAGES,
    inject,
    leaders_cut_off,
    pauses,
    skewed_clocks,
    slow_disks,
    swarm,
)
from tester.scenario.kv_cluster import Client, KVCluster
from tester.scenario.kv_rounds import work

pytestmark = [pytest.mark.part("3X"), pytest.mark.virtual_time]

LIMIT = 1000
KEYS = 3
FAULTS = (
    *LINKS, *CRASHES, *MESSAGES, leaders_cut_off, pauses, skewed_clocks, slow_disks,
)  # fmt: skip
# How long a leader that is cut off keeps its clients waiting: another one is elected.
ALONE_S = 1.0
# The clock of a server that is not to become leader.
SLOW = Fraction(1, 8)


@pytest.mark.points(3)
@pytest.mark.cluster(
    servers=5, servers_min=3, service="kv", clerks=4, max_raft_state=LIMIT
)
def test_kv_swarm(cluster: KVCluster) -> None:
    """Any mixture of faults of links, messages, servers and clocks."""
    for number in range(8):
        clients = _start(cluster, cluster.clerks)
        chosen = swarm(cluster.random, FAULTS)
        inject(cluster, number, cluster.random.uniform(0.5, 1.5), chosen)
        _heal(cluster, clients)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, servers_min=3, service="kv", clerks=6)
def test_kv_old_leaders(cluster: KVCluster) -> None:
    """A leader that was cut off, and has clients waiting, learns that others went on."""
    half = len(cluster.clerks) // 2
    for number in range(8):
        versions = [cluster.get(c, f"of {c}").version for c in cluster.clerks]
        leader = cluster.leader()
        others = [server for server in cluster.servers if server != leader]
        for clerk in cluster.clerks:
            cluster.connect_clerk(clerk, *([leader] if clerk < half else others))
        handed_on, is_longest = number % 2 == 1, number % 4 == 2
        if handed_on:
            # The others have the entries that clients wait for, and commit them later.
            cluster.lose_replies(*[(other, leader) for other in others])
            waiting = _start_puts(cluster, versions, cluster.clerks[:half])
            cluster.sleep(0.1)
        cluster.partition(others, [leader])
        if not handed_on:
            # Nobody else has these entries, and they are replaced.
            waiting = _start(cluster, cluster.clerks[:half])
        cluster.sleep(cluster.random.uniform(0, ALONE_S / 4))
        if is_longest:
            going_on = _start_puts(cluster, versions, cluster.clerks[-1:])
        else:
            going_on = _start(cluster, cluster.clerks[half:])
        cluster.sleep(ALONE_S)
        if handed_on:
            # It learns that it no longer leads before it learns what was committed.
            cluster.lose_replies()
            cluster.lose_requests(*[(other, leader) for other in others])
            cluster.heal_partition()
            cluster.sleep(0.2)
        elif is_longest:
            # Its log is the longest, but less up-to-date than those with an entry of
            # its successor. It helps to elect a server that has such a log.
            successor = cluster.leader()
            cluster.heal_partition()
            cluster.disconnect(successor)
            cluster.sleep(ALONE_S)
        _heal(cluster, [*waiting, *going_on])


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="kv", clerks=2, max_raft_state=LIMIT)
def test_kv_snapshots_lead(cluster: KVCluster) -> None:
    """A server that was away, and got a snapshot, or that restarts from one, leads next."""
    client = cluster.new_client(0)
    for number in range(6):
        leader = cluster.leader()
        next_leader, other = cluster.random.sample(cluster.next_servers(leader, 2), 2)
        if number % 2:
            cluster.crash(next_leader)
        else:
            cluster.split_off(next_leader)
        cluster.connect_clerk(0, leader, other)
        for key in range(10 * number, 10 * number + 30):
            cluster.put_until_done(client, f"k{key}", cluster.new_value(client))
        if number % 2:
            cluster.restart(next_leader)
        cluster.connect(*cluster.servers)
        cluster.sleep(0.5)
        # Only the one that was away can be elected.
        cluster.set_clock_rate(other, SLOW)
        cluster.disconnect(leader)
        cluster.connect_clerk(1, next_leader, other)
        for key in range(10 * number + 30):
            if cluster.random.random() < 0.3:
                cluster.get(1, f"k{key}")
        _heal(cluster, [])


def _start(cluster: KVCluster, clerks: Sequence[int]) -> list[Client]:
    """Let clients get and put a few keys."""
    return [cluster.start_client(clerk, work, cluster, KEYS) for clerk in clerks]


def _start_puts(
    cluster: KVCluster, versions: list[int], clerks: Sequence[int]
) -> list[Client]:
    """Let clients put once each, a key that no other client puts."""
    return [
        cluster.start_client(clerk, _put_once, cluster, versions[clerk])
        for clerk in clerks
    ]


def _put_once(client: Client, cluster: KVCluster, version: int) -> None:
    """Put a key that no other client puts."""
    value = cluster.new_value(client)
    cluster.put(client.clerk, f"of {client.clerk}", value, version)


def _heal(cluster: KVCluster, clients: list[Client]) -> None:
    """Heal the cluster, and let the clients end."""
    for client in clients:
        client.stopped = True
    cluster.heal()
    cluster.heal_partition()
    cluster.end_clients(clients)
