"""Part 3B: a key/value service on the replicated state machine, without snapshots."""

import pytest

from tester import codes
from tester.scenario.kv_cluster import KVCluster
from tester.scenario.kv_rounds import restarting_rounds, rounds, speed
from tester.service_errors import MAYBE, NO_KEY, OK, VERSION

pytestmark = [pytest.mark.part("3B"), pytest.mark.virtual_time]


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, service="kv", clerks=1)
def test_kv_versions(cluster: KVCluster) -> None:
    """A put succeeds if the key has the version that it names, and only then."""
    clerk = 0
    expected = [
        ("k", "a", 1, NO_KEY),
        ("k", "b", 0, OK),
        ("k", "c", 0, VERSION),
        ("k", "d", 1, OK),
        ("k", "e", 1, VERSION),
        ("k", "f", 3, VERSION),
        ("k", "g", 2, OK),
    ]
    cluster.require(
        cluster.get(clerk, "k").err == NO_KEY,
        codes.WRONG_ANSWER,
        "get of a key that was never put must return ErrNoKey",
    )
    for key, value, version, err in expected:
        found = cluster.put(clerk, key, value, version)
        cluster.require(
            found == err,
            codes.MAYBE_IN_VAIN if found == MAYBE else codes.WRONG_ANSWER,
            f"put({key!r}, {value!r}, {version}) returned {found}, but must return {err}",
            "ErrMaybe is for a put that was sent again after its first copy may have "
            "been applied; here nothing fails, and the leader is known",
        )
    got = cluster.get(clerk, "k")
    cluster.require(
        got == ("g", 3, OK),
        codes.WRONG_ANSWER,
        f"get returned {tuple(got)} after three puts, the last of 'g'",
    )


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, service="kv", clerks=1)
def test_kv_basic(cluster: KVCluster) -> None:
    """One client puts a key again and again."""
    rounds(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="kv", clerks=1)
def test_kv_speed(cluster: KVCluster) -> None:
    """An operation takes a few messages, and waits for no heartbeat."""
    speed(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, service="kv", clerks=5)
def test_kv_concurrent(cluster: KVCluster) -> None:
    """Several clients put one key."""
    rounds(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, reliable=False, service="kv", clerks=5)
def test_kv_unreliable(cluster: KVCluster) -> None:
    """Requests and replies get lost, and are sent again."""
    rounds(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, reliable=False, service="kv", clerks=3)
def test_kv_one_partition(cluster: KVCluster) -> None:
    """A minority answers nothing; a majority goes on, and heals the minority."""
    version = cluster.put_until_done(cluster.new_client(0), "1", "13")
    leader = cluster.leader()
    minority = [leader, *cluster.next_servers(leader, 1)]
    majority = [server for server in cluster.servers if server not in minority]
    cluster.partition(majority, minority)
    cluster.connect_clerk(0, *majority)
    cluster.connect_clerk(1, *minority)
    cluster.connect_clerk(2, *minority)
    lone_put = cluster.start_client(1, lambda _: cluster.put(1, "1", "15", version))
    lone_get = cluster.start_client(2, lambda _: cluster.get(2, "1"))
    cluster.put_until_done(cluster.new_client(0), "1", "14")
    cluster.sleep(1)
    cluster.require_unanswered([lone_put, lone_get], minority)
    cluster.put_until_done(cluster.new_client(0), "1", "16")
    cluster.heal_partition()
    cluster.end_clients([lone_put, lone_get])
    cluster.get(0, "1")


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, service="kv", clerks=1)
def test_kv_many_partitions_one_client(cluster: KVCluster) -> None:
    """Partitions come and go while one client puts."""
    rounds(cluster, partitions=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, service="kv", clerks=5)
def test_kv_many_partitions(cluster: KVCluster) -> None:
    """Partitions come and go while several clients put."""
    rounds(cluster, partitions=True)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, service="kv", clerks=1)
def test_kv_persist_one_client(cluster: KVCluster) -> None:
    """All servers crash and restart between a client's puts."""
    restarting_rounds(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, service="kv", clerks=5)
def test_kv_persist_concurrent(cluster: KVCluster) -> None:
    """All servers crash and restart between several clients' puts."""
    restarting_rounds(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, reliable=False, service="kv", clerks=5)
def test_kv_persist_unreliable(cluster: KVCluster) -> None:
    """Servers restart, and messages get lost."""
    restarting_rounds(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, service="kv", clerks=5)
def test_kv_persist_partition(cluster: KVCluster) -> None:
    """Servers restart after partitions."""
    restarting_rounds(cluster, partitions=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, reliable=False, service="kv", clerks=5)
def test_kv_persist_partition_unreliable(cluster: KVCluster) -> None:
    """Servers restart after partitions, and messages get lost."""
    restarting_rounds(cluster, partitions=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=7, reliable=False, service="kv", clerks=15)
def test_kv_persist_partition_unreliable_linearizable(cluster: KVCluster) -> None:
    """Many clients use many keys while everything fails."""
    restarting_rounds(cluster, partitions=True, keys=100)
