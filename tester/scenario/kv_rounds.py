"""Rounds of clients' work, which the scenarios of the key/value service share.

In a round, clients put for some time while the network may be partitioned. Then all is
healed, their last operations have to return, and the servers may be restarted.
"""

from labrpc.clock import MILLISECOND, from_seconds, to_seconds
from tester import codes
from tester.scenario.kv_cluster import Client, KVCluster

ROUNDS = 3
ROUND_S = 1.0
# After a partition has healed, and while servers are down.
CALM_S = 1.0
# A partition lasts a second, and up to this much longer.
PARTITION_S_SPREAD = 0.2
ONE_KEY = "k"
# How many times its limit a saved Raft state may reach: entries come in before a
# snapshot has been taken.
LOG_FACTOR = 8
# How many sequential puts are timed, and how long each may take.
SPEED_PUTS = 100
# Long enough that the log outgrows its limit many times over.
SPEED_VALUE_BYTES = 100
PUT_NS_MAX = 33 * MILLISECOND
# How many turns all clients together take in a second: each is a get, and mostly a put.
TURNS_PER_S = 20
# The share of turns that follow the one before at once, so that clients compete.
AT_ONCE = 0.5
# The share of gets among the operations on many keys.
GETS = 0.3


def rounds(cluster: KVCluster, partitions: bool = False) -> None:
    """Let clients put for some rounds, all servers running."""
    for _ in range(ROUNDS):
        _round(cluster, partitions)
    _check_end(cluster)


def restarting_rounds(
    cluster: KVCluster, partitions: bool = False, keys: int = 1
) -> None:
    """Let clients put for some rounds, and restart all servers after each."""
    for _ in range(ROUNDS):
        _round(cluster, partitions, keys)
        cluster.crash(*cluster.servers)
        cluster.sleep(CALM_S)
        cluster.restart(*cluster.servers)
    _check_end(cluster)


def speed(cluster: KVCluster) -> None:
    """Fail if sequential puts take longer than a few messages each."""
    client = cluster.new_client(0)
    cluster.put_until_done(client, ONE_KEY, "first")
    version = cluster.get(client.clerk, ONE_KEY).version
    began_ns = cluster.now_ns
    for number in range(SPEED_PUTS):
        value = str(number).ljust(SPEED_VALUE_BYTES, ".")
        cluster.put(client.clerk, ONE_KEY, value, version + number)
    each_ns = (cluster.now_ns - began_ns) // SPEED_PUTS
    cluster.require(
        each_ns <= PUT_NS_MAX,
        codes.OPERATIONS_TOO_SLOW,
        f"{SPEED_PUTS} puts of one client took {to_seconds(each_ns) * 1000:.1f} ms each; "
        f"{to_seconds(PUT_NS_MAX) * 1000:.0f} ms are allowed",
        "a leader sends entries as soon as start() is called, and the service answers "
        "as soon as they are applied: neither waits for a heartbeat or a time-out",
    )
    _check_sizes(cluster)


def _round(cluster: KVCluster, partitions: bool = False, keys: int = 1) -> None:
    """Let each clerk's client work for a while, and heal what was done meanwhile."""
    ends_ns = cluster.now_ns + from_seconds(ROUND_S)
    clients = [
        cluster.start_client(clerk, work, cluster, keys) for clerk in cluster.clerks
    ]
    if partitions:
        partition = cluster.spawn(_partition_repeatedly, cluster, ends_ns)
    cluster.sleep(ROUND_S)
    for client in clients:
        client.stopped = True
    if partitions:
        cluster.join([partition])
        cluster.heal_partition()
        cluster.sleep(CALM_S)
    cluster.end_clients(clients)


def work(client: Client, cluster: KVCluster, keys: int) -> None:
    """Put one key, or random ones, until the client is stopped."""
    pause_s_max = 2 / (1 - AT_ONCE) * len(cluster.clerks) / TURNS_PER_S
    while True:
        if client.random.random() >= AT_ONCE:
            cluster.sleep(client.random.uniform(0, pause_s_max))
        if client.stopped:
            return
        value = cluster.new_value(client)
        key = ONE_KEY if keys == 1 else f"k{client.random.randrange(keys)}"
        got = cluster.get(client.clerk, key)
        if keys > 1 and client.random.random() < GETS:
            continue
        cluster.put(client.clerk, key, value, got.version)


def _partition_repeatedly(cluster: KVCluster, ends_ns: int) -> None:
    """Split the servers into two groups at random, again and again."""
    while cluster.now_ns < ends_ns:
        sides = [cluster.random.random() < 0.5 for _ in cluster.servers]
        one = [server for server in cluster.servers if sides[server]]
        other = [server for server in cluster.servers if not sides[server]]
        cluster.partition(one, other)
        cluster.sleep(1 + cluster.random.uniform(0, PARTITION_S_SPREAD))


def _check_end(cluster: KVCluster) -> None:
    """Read every key once more, and check the size of what is saved."""
    for key in sorted({o.key for o in cluster.history.operations.values()}):
        cluster.get(0, key)
    _check_sizes(cluster)


def _check_sizes(cluster: KVCluster) -> None:
    if cluster.max_raft_state != -1:
        cluster.check_log_size(LOG_FACTOR)
