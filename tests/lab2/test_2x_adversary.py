"""Part 2X, the adversary: many short episodes, each with its own mixture of faults.

An episode is a second or two of faults. Then everything is healed, and within ten
virtual seconds all servers must agree on a new command. What must hold at every
moment (Figure 3) is checked all the time.
"""

import pytest

from tester.scenario.checks import CheckedCluster
from tester.scenario.faults import (
    CRASHES,
    FAULTS,
    LINKS,
    MESSAGES,
    SERVERS,
    Fault,
    crash_in_a_step,
    inject,
    leaders_cut_off,
    swarm,
)

pytestmark = [pytest.mark.part("2X"), pytest.mark.virtual_time]


# Mixtures, drawn anew for each episode.


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_elections(cluster: CheckedCluster) -> None:
    """Elections stay safe whatever happens to servers and messages."""
    faults = (*MESSAGES, *LINKS, *SERVERS, crash_in_a_step, crash_in_a_step)
    _episodes(cluster, 14, faults, commands=False)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_replication(cluster: CheckedCluster) -> None:
    """Committed entries stay committed while messages get lost and majorities change."""
    _episodes(cluster, 12, (*MESSAGES, *LINKS, leaders_cut_off))


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_troubled_snapshots(cluster: CheckedCluster) -> None:
    """Servers that fall behind catch up from snapshots, even if messages are late or copied."""
    _episodes(cluster, 12, (*MESSAGES, *LINKS, leaders_cut_off, *SERVERS, *CRASHES))


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_recovery(cluster: CheckedCluster) -> None:
    """Servers that crash between any two actions lose nothing that others rely on."""
    _episodes(cluster, 8, (*CRASHES, *CRASHES, *MESSAGES, leaders_cut_off))


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True, snapshots=True)
def test_swarm(cluster: CheckedCluster) -> None:
    """Any mixture of all faults."""
    _episodes(cluster, 10, FAULTS)


def _episodes(
    cluster: CheckedCluster,
    count: int,
    faults: tuple[Fault, ...],
    commands: bool = True,
) -> None:
    """Inject faults and heal them, again and again, while clients go on."""
    cluster.check_one_leader()
    for number in range(count):
        seconds = cluster.random.uniform(0.5, 2.0)
        chosen = swarm(cluster.random, faults)
        clients = [cluster.spawn(_client, cluster, seconds)] if commands else []
        inject(cluster, number, seconds, chosen)
        cluster.join(clients)
        cluster.heal()
        cluster.one(cluster.random_command(), len(cluster.servers), retry=True)


def _client(cluster: CheckedCluster, seconds: float) -> None:
    """Start commands on every server for some time, often a few at once."""
    ends = cluster.now + seconds
    while cluster.now < ends:
        for _ in range(cluster.random.choice([1, 1, 4])):
            cluster.start_on_all(cluster.random_command())
        cluster.sleep(cluster.random.uniform(0.002, 0.06))
