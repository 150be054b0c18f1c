"""Part 2X: snapshots (section 7), each scenario made for one kind of bug."""

from fractions import Fraction

import pytest

from labrpc.world import crash_points
from tester.scenario.checks import CheckedCluster
from tester.scenario.state_machine import SNAPSHOT_INTERVAL

# More than a test has.
COMMANDS_WITHOUT_SNAPSHOT = 1_000

pytestmark = [
    pytest.mark.part("2X"),
    pytest.mark.virtual_time,
    pytest.mark.single_bug,
]


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_late_snapshots(cluster: CheckedCluster) -> None:
    """A snapshot that arrives twice or late never makes a server go back."""
    # From the start: the network's draws must not depend on when its faults begin.
    cluster.duplicate_requests(share=0.0)
    for number in range(6):
        leader = cluster.check_one_leader()
        behind = cluster.next_servers(leader, 2)[number % 2]
        cluster.disconnect(behind)
        cluster.commands(cluster.random.randint(12, 25))
        cluster.duplicate_requests(share=1.0)
        cluster.limit_delays(longest_ms=1000)
        cluster.slow_link(leader, behind, delay_ms=cluster.random.randint(0, 100))
        cluster.connect(behind)
        cluster.commands(cluster.random.randint(3, 15))
        cluster.sleep(cluster.random.uniform(0.0, 1.0))
        if cluster.random.random() < 0.5:
            cluster.restart(behind)
        cluster.commands(3)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_snapshot_overtaken(cluster: CheckedCluster) -> None:
    """A leader that takes a newer snapshot while it sends one knows which one it sent."""
    for _ in range(5):
        leader = cluster.check_one_leader()
        behind = cluster.next_servers(leader, 1)[0]
        # With its slow clock it does not time out, and so does not depose the leader.
        cluster.set_clock_rate(behind, Fraction(1, 50))
        cluster.disconnect(behind)
        cluster.commands(25)
        cluster.slow_link(leader, behind, delay_ms=500)
        cluster.connect(behind)
        # While the snapshot is on its way, ten more commands make a new one. All that
        # is sent from then on gets lost.
        cluster.sleep(0.2)
        cluster.lose_requests((leader, behind))
        index = cluster.commands(10)
        cluster.sleep(0.8)
        cluster.heal()
        cluster.check_caught_up(index)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_torn_snapshot(cluster: CheckedCluster) -> None:
    """A server that crashes at a snapshot has saved both log and snapshot, or neither."""
    for number in range(6):
        leader = cluster.check_one_leader()
        victim = (leader + number) % 3
        cluster.crash_at(victim, crash_points.between_saves)
        for _ in range(12):
            cluster.start_on_all(cluster.random_command())
            cluster.sleep(0.01)
        cluster.crash_at(victim, None)
        if not cluster.is_up(victim):
            cluster.restart(victim)
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_dies_while_it_installs(cluster: CheckedCluster) -> None:
    """A follower that dies before its disk has saved a snapshot gets it again."""
    for _ in range(6):
        leader = cluster.check_one_leader()
        behind, _ = cluster.next_servers(leader, 2)
        cluster.disconnect(behind)
        cluster.commands(2 * SNAPSHOT_INTERVAL)
        # No other snapshot follows, which would make up for this one.
        for server in cluster.servers:
            cluster.set_snapshot_interval(server, COMMANDS_WITHOUT_SNAPSHOT)
        cluster.slow_disk(behind, delay_us=400_000)
        cluster.connect(behind)
        cluster.sleep(cluster.random.uniform(0.1, 0.6))
        cluster.crash(behind)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)
        for server in cluster.servers:
            cluster.set_snapshot_interval(server, SNAPSHOT_INTERVAL)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_snapshot_beside_entries(cluster: CheckedCluster) -> None:
    """A snapshot that arrives while older entries are being applied keeps its place."""
    for _ in range(5):
        leader = cluster.check_one_leader()
        behind = cluster.next_servers(leader, 1)[0]
        cluster.slow_state_machine(behind, delay_us=100_000)
        # It is busy applying for a while.
        cluster.commands(8)
        cluster.set_clock_rate(behind, Fraction(1, 50))
        cluster.disconnect(behind)
        cluster.commands(22)
        cluster.connect(behind)
        cluster.sleep(0.3)
        cluster.slow_state_machine(behind, delay_us=1_000)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_entries_after_their_snapshot(cluster: CheckedCluster) -> None:
    """Entries that arrive after a snapshot which covers them are all skipped."""
    for _ in range(5):
        leader = cluster.check_one_leader()
        behind = cluster.next_servers(leader, 1)[0]
        index = cluster.one(cluster.random_command(), 3, retry=True)
        # The service takes a snapshot after the last of these. They come once late
        # and once in time, since the leader itself is slow to take the snapshot.
        cluster.slow_state_machine(leader, delay_us=100_000)
        cluster.slow_link(leader, behind, delay_ms=600)
        while (index + 1) % 10 and index >= 0:
            index, _, _ = cluster.start(leader, cluster.random_command())
            cluster.sleep(0.002)
        cluster.sleep(0.35)
        cluster.slow_link(leader, behind, delay_ms=0)
        cluster.sleep(1.0)
        cluster.heal()
        for _ in range(3):
            cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_nothing_above_the_snapshot(cluster: CheckedCluster) -> None:
    """A log that ends with its snapshot has the snapshot's term, after a crash too."""
    for _ in range(2):
        cluster.one(cluster.random_command(), 3, retry=True)
        leader = cluster.check_one_leader()
        behind, voter = cluster.next_servers(leader, 2)
        cluster.disconnect(behind)
        _commit_up_to_a_snapshot(cluster)
        # What it stores matches the leader's log only if the term does.
        cluster.restart(voter)
        _commit_up_to_a_snapshot(cluster)
        # Now neither can win: one lacks entries, the other's requests get lost.
        cluster.disconnect(leader)
        cluster.lose_requests((voter, behind))
        cluster.connect(behind)
        cluster.sleep(2.0)
        cluster.start_on_all(cluster.random_command())
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


def _commit_up_to_a_snapshot(cluster: CheckedCluster) -> None:
    """Let two servers apply commands until the service takes a snapshot of them all."""
    index = cluster.one(cluster.random_command(), 2, retry=True)
    while (index + 1) % SNAPSHOT_INTERVAL:
        index = cluster.one(cluster.random_command(), 2, retry=True)
    cluster.sleep(0.2)
