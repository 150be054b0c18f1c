"""Part 3C: the key/value service with snapshots."""

import pytest

from tester import codes
from tester.scenario.kv_cluster import KVCluster
from tester.scenario.kv_rounds import restarting_rounds, rounds, speed
from tester.service_errors import OK

pytestmark = [pytest.mark.part("3C"), pytest.mark.virtual_time]

LIMIT = 1000
SNAPSHOT_BYTES_MAX = 500


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, service="kv", clerks=1, max_raft_state=LIMIT)
def test_kv_snapshot_rpc(cluster: KVCluster) -> None:
    """A server that was away gets the snapshot, and serves from it."""
    client = cluster.new_client(0)
    cluster.put_until_done(client, "a", "A")
    cluster.partition([0, 1], [2])
    cluster.connect_clerk(0, 0, 1)
    for number in range(30):
        cluster.put_until_done(client, str(number), str(number))
    cluster.sleep(0.5)
    cluster.put_until_done(client, "b", "B")
    cluster.check_log_size(8)
    # Server 2 gets all that through a snapshot only.
    cluster.partition([0, 2], [1])
    cluster.connect_clerk(0, 0, 2)
    cluster.put_until_done(client, "c", "C")
    cluster.put_until_done(client, "d", "D")
    for key, value in (("a", "A"), ("b", "B"), ("1", "1"), ("29", "29")):
        _require_value(cluster, key, value)
    # Server 1 lacks what was put last, so only server 2 can lead the two of them.
    cluster.partition([1, 2], [0])
    cluster.connect_clerk(0, 1, 2)
    for key, value in (("a", "A"), ("29", "29"), ("d", "D")):
        _require_value(cluster, key, value)
    cluster.heal_partition()
    cluster.put_until_done(client, "e", "E")
    for key, value in (("c", "C"), ("e", "E"), ("1", "1")):
        _require_value(cluster, key, value)


def _require_value(cluster: KVCluster, key: str, value: str) -> None:
    got = cluster.get(0, key)
    cluster.require(
        got == (value, 1, OK),
        codes.LOST_WRITE,
        f"get({key!r}) returned {tuple(got)}, but {value!r} of version 1 was put",
        "a server that restores a snapshot has all that was applied before it",
    )


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, service="kv", clerks=1, max_raft_state=LIMIT)
def test_kv_snapshot_size(cluster: KVCluster) -> None:
    """Log and snapshot stay small though there are many operations."""
    client = cluster.new_client(0)
    for _ in range(60):
        cluster.put_until_done(client, "x", cluster.new_value(client))
    cluster.check_log_size(8)
    cluster.check_snapshot_size(SNAPSHOT_BYTES_MAX)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="kv", clerks=1, max_raft_state=LIMIT)
def test_kv_snapshot_speed(cluster: KVCluster) -> None:
    """Snapshots do not slow operations down."""
    speed(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, service="kv", clerks=1, max_raft_state=LIMIT)
def test_kv_snapshot_recover(cluster: KVCluster) -> None:
    """All servers restart from snapshots."""
    restarting_rounds(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, service="kv", clerks=20, max_raft_state=LIMIT)
def test_kv_snapshot_recover_many_clients(cluster: KVCluster) -> None:
    """All servers restart from snapshots, and many clients go on."""
    restarting_rounds(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(
    servers=5, reliable=False, service="kv", clerks=5, max_raft_state=LIMIT
)
def test_kv_snapshot_unreliable(cluster: KVCluster) -> None:
    """Snapshots are taken and sent though messages get lost."""
    rounds(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(
    servers=5, reliable=False, service="kv", clerks=5, max_raft_state=LIMIT
)
def test_kv_snapshot_unreliable_recover(cluster: KVCluster) -> None:
    """Servers restart from snapshots, and messages get lost."""
    restarting_rounds(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(
    servers=5, reliable=False, service="kv", clerks=5, max_raft_state=LIMIT
)
def test_kv_snapshot_unreliable_recover_partition(cluster: KVCluster) -> None:
    """Servers restart from snapshots after partitions, and messages get lost."""
    restarting_rounds(cluster, partitions=True)


@pytest.mark.points(3)
@pytest.mark.cluster(
    servers=7, reliable=False, service="kv", clerks=15, max_raft_state=LIMIT
)
def test_kv_snapshot_linearizable(cluster: KVCluster) -> None:
    """Many clients use many keys while everything fails and snapshots are taken."""
    restarting_rounds(cluster, partitions=True, keys=100)
