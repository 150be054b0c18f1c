"""Part 2D: snapshots and log compaction (section 7).

The service takes a snapshot after every tenth command that it applies.
"""

from typing import Literal

import pytest

from tester import codes
from tester.scenario.checks import CheckedCluster

pytestmark = pytest.mark.part("2D")

ROUNDS = 30

# What a server may keep persisted of its log, snapshots not counted. At most
# about 35 entries lie above a snapshot here; pickled as objects they take some
# 30 bytes each. A log that is never compacted grows beyond this in any encoding.
RAFT_STATE_BYTES_MAX = 2500


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, snapshots=True, persistence=True)
def test_snapshots_basic(cluster: CheckedCluster) -> None:
    """Logs are cut at snapshots, and commands still commit."""
    _rounds_of_snapshots(cluster)


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, snapshots=True, persistence=True)
def test_install_snapshots_disconnect(cluster: CheckedCluster) -> None:
    """A server that was cut off catches up from a snapshot."""
    _rounds_of_snapshots(cluster, victim_is="disconnected")


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, reliable=False, snapshots=True, persistence=True)
def test_install_snapshots_disconnect_unreliable(cluster: CheckedCluster) -> None:
    """A server that was cut off catches up over an unreliable network."""
    _rounds_of_snapshots(cluster, victim_is="disconnected")


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, snapshots=True, persistence=True)
def test_install_snapshots_crash(cluster: CheckedCluster) -> None:
    """A server that was down catches up from a snapshot."""
    _rounds_of_snapshots(cluster, victim_is="crashed")


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, reliable=False, snapshots=True, persistence=True)
def test_install_snapshots_crash_unreliable(cluster: CheckedCluster) -> None:
    """A server that was down catches up over an unreliable network."""
    _rounds_of_snapshots(cluster, victim_is="crashed")


def _rounds_of_snapshots(
    cluster: CheckedCluster,
    victim_is: Literal["disconnected", "crashed"] | None = None,
) -> None:
    """Commit enough for a snapshot again and again, mostly without one server."""
    cluster.one(cluster.random_command(), expected=3, retry=True)
    leader = cluster.check_one_leader()
    for round_ in range(ROUNDS):
        (victim,) = cluster.next_servers(leader, 1)
        sender = leader
        if round_ % 3 == 1:
            # The leader itself is taken away.
            victim, sender = sender, victim
        if victim_is == "disconnected":
            cluster.disconnect(victim)
        elif victim_is == "crashed":
            cluster.crash(victim)
        present = 2 if victim_is else 3
        if victim_is:
            cluster.one(cluster.random_command(), expected=2, retry=True)

        for _ in range(5 + cluster.random.randrange(10)):
            cluster.start(sender, cluster.random_command())
        cluster.one(cluster.random_command(), expected=present, retry=True)
        _check_log_is_small(cluster)

        if victim_is == "disconnected":
            cluster.connect(victim)
        elif victim_is == "crashed":
            cluster.restart(victim)
        if victim_is:
            cluster.one(cluster.random_command(), expected=3, retry=True)
            leader = cluster.check_one_leader()


def _check_log_is_small(cluster: CheckedCluster) -> None:
    size, server = cluster.raft_state_bytes_max()
    cluster.require(
        size < RAFT_STATE_BYTES_MAX,
        codes.LOG_NOT_CUT,
        f"server {server} has saved {size} bytes of Raft state, though the service "
        f"takes a snapshot after every tenth command; less than {RAFT_STATE_BYTES_MAX} "
        "are enough",
        "snapshot(index, …) discards the log up to index, also from what is saved "
        "(section 7)",
    )


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, reliable=False, snapshots=True, persistence=True)
def test_crash_and_restart_all(cluster: CheckedCluster) -> None:
    """Nothing is lost when all servers crash at once."""
    cluster.one(cluster.random_command(), expected=3, retry=True)
    for _ in range(5):
        for _ in range(5 + cluster.random.randrange(10)):
            cluster.one(cluster.random_command(), expected=3, retry=True)
        before = cluster.one(cluster.random_command(), expected=3, retry=True)
        cluster.crash(*cluster.servers)
        cluster.restart(*cluster.servers)
        after = cluster.one(cluster.random_command(), expected=3, retry=True)
        cluster.require(
            after > before,
            codes.COMMITTED_LOST,
            f"a command got index {after} after all servers had restarted, though "
            f"index {before} had been committed",
        )


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, reliable=False, snapshots=True, persistence=True)
def test_snapshot_initialization_after_crash(cluster: CheckedCluster) -> None:
    """A snapshot survives later saves, and is loaded again after a restart."""
    for _ in range(12):
        cluster.one(cluster.random_command(), expected=3, retry=True)

    for _ in range(2):
        cluster.crash(*cluster.servers)
        cluster.restart(*cluster.servers)
        # Makes every server save its state once more, with the old snapshot.
        cluster.one(cluster.random_command(), expected=3, retry=True)
