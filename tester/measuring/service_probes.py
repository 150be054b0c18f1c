"""The probes of a key/value service: clients that put and get, and servers that crash.

Each takes a cluster that has just been started, repeats its trial until it has enough or
the virtual time of a scenario is nearly over, and notes samples of figures by name. The
history of all operations is checked meanwhile, as in the graded suite.
"""

from collections.abc import Callable
from dataclasses import dataclass

from labrpc.clock import MILLISECOND, SECOND
from tester.measuring import probing as of_cluster
from tester.scenario.kv_cluster import Client, KVCluster
from tester.service_errors import MAYBE, OK

Probing = of_cluster.Probing[KVCluster]

KEY = "key"
# Like a small value of a real table.
VALUE_BYTES = 20
CLIENTS = 5
# The saved Raft state after which a server takes a snapshot.
LIMIT = 1000
# Over what time the moment of a crash is spread: several heartbeat intervals.
CRASH_S = 0.2
# How long the servers run together before the next leader crashes.
CALM_S = 1.0
# How many keys there are before all servers restart.
KEYS = 100
# How long all clients together may take for a batch.
CLIENTS_S_MAX = 80


@dataclass(frozen=True)
class ServiceProbe:
    """A scenario that measures a service, and the cluster that it wants.

    Attributes:
        measure: takes the cluster.
        clerks: how many clients there are.
        max_raft_state: as for a graded test, -1 for no snapshots.
    """

    measure: Callable[[Probing], None]
    clerks: int = 1
    max_raft_state: int = -1


def one_client(probing: Probing) -> None:
    """Let one client put and get a key, one operation after the other."""
    network = probing.cluster.network
    versions = _first_puts(probing)
    calls, carried, cpu_s = network.calls, network.bytes, probing.cpu_s()
    taken_s = _work(probing, versions, "put_ms", "get_ms")
    operations = 2 * len(probing.samples["put_ms"])
    probing.note("operations_per_s", operations / taken_s)
    probing.note("operation_rpcs", (network.calls - calls) / operations)
    probing.note("operation_bytes", (network.bytes - carried) / operations)
    probing.note("cpu_ms_per_command", 1000 * (probing.cpu_s() - cpu_s) / operations)


def five_clients(probing: Probing) -> None:
    """Let five clients put and get a key each, at the same time."""
    names = "five_clients_put_ms", "five_clients_get_ms"
    taken_s = _work(probing, _first_puts(probing), *names)
    operations = sum(len(probing.samples[name]) for name in names)
    probing.note("five_clients_operations_per_s", operations / taken_s)


def snapshotting(probing: Probing) -> None:
    """Let one client put while the servers take snapshots again and again."""
    _work(probing, _first_puts(probing), "snapshots_put_ms")
    size, _ = probing.cluster.raft_state_bytes_max()
    probing.note("snapshots_state_bytes", size)


def _first_puts(probing: Probing) -> list[int]:
    """Let each client put a key, and find the leader; return the keys' versions."""
    clerks = probing.cluster.clerks
    return [_first_put(probing, clerk, f"{KEY}{clerk}") for clerk in clerks]


def _work(
    probing: Probing, versions: list[int], put_figure: str, get_figure: str = ""
) -> float:
    """Let each client put its key, and get it if that is wanted, until it is enough.

    They are called from threads of the scenario, which see to the nanosecond when an
    operation returns. Returns how many seconds all that has taken.
    """
    cluster = probing.cluster
    ended_ns: list[int] = []

    def work(client: Client) -> None:
        clerk, version = client.clerk, versions[client.clerk]
        while probing.more(put_figure):
            version = _put(probing, put_figure, clerk, f"{KEY}{clerk}", version)
            if get_figure:
                _get(probing, get_figure, clerk, f"{KEY}{clerk}")
        ended_ns.append(cluster.now_ns)

    began_ns = cluster.now_ns
    clients = [cluster.start_client(clerk, work) for clerk in cluster.clerks]
    cluster.end_clients(clients, CLIENTS_S_MAX)
    return (max(ended_ns) - began_ns) / SECOND


def leader_losses(probing: Probing) -> None:
    """Crash leaders, and measure how long the next put takes."""
    cluster = probing.cluster
    client = cluster.new_client(0)
    while probing.more("outage_ms"):
        cluster.put_until_done(client, KEY, cluster.new_value(client))
        leader = cluster.leader()
        cluster.sleep(CRASH_S * cluster.random.random())
        began_ns = cluster.now_ns
        cluster.crash(leader)
        cluster.put_until_done(client, KEY, cluster.new_value(client))
        probing.note("outage_ms", (cluster.now_ns - began_ns) / MILLISECOND)
        cluster.restart(leader)
        cluster.sleep(CALM_S)


def restarts(probing: Probing) -> None:
    """Crash all servers and restart them, and measure when a get is answered."""
    cluster = probing.cluster
    for number in range(KEYS):
        _first_put(probing, 0, f"{KEY}{number}")
    while probing.more("restart_ms"):
        cluster.crash(*cluster.servers)
        cluster.sleep(CRASH_S * cluster.random.random())
        began_ns = cluster.now_ns
        cluster.restart(*cluster.servers)
        cluster.get(0, f"{KEY}{cluster.random.randrange(KEYS)}")
        probing.note("restart_ms", (cluster.now_ns - began_ns) / MILLISECOND)
        cluster.sleep(CALM_S)


def _first_put(probing: Probing, clerk: int, key: str) -> int:
    """Put a key for the first time, which finds the leader; return its version."""
    client = Client(clerk, probing.cluster.random)
    return probing.cluster.put_until_done(client, key, _value(probing, clerk))


def _put(probing: Probing, figure: str, clerk: int, key: str, version: int) -> int:
    """Time a put; return the version of the key after it."""
    cluster = probing.cluster
    began_ns = cluster.now_ns
    err = cluster.put(clerk, key, _value(probing, clerk), version)
    probing.note(figure, (cluster.now_ns - began_ns) / MILLISECOND)
    # After a change of leader it may have been performed, or not.
    return version + 1 if err in (OK, MAYBE) else cluster.get(clerk, key).version


def _get(probing: Probing, figure: str, clerk: int, key: str) -> None:
    """Time a get."""
    began_ns = probing.cluster.now_ns
    probing.cluster.get(clerk, key)
    probing.note(figure, (probing.cluster.now_ns - began_ns) / MILLISECOND)


def _value(probing: Probing, clerk: int) -> str:
    """Return a value that has not been put before."""
    client = Client(clerk, probing.cluster.random)
    return probing.cluster.new_value(client).ljust(VALUE_BYTES, ".")


SERVICE_PROBES = {
    "one_client": ServiceProbe(one_client),
    "five_clients": ServiceProbe(five_clients, clerks=CLIENTS),
    "snapshotting": ServiceProbe(snapshotting, max_raft_state=LIMIT),
    "leader_losses": ServiceProbe(leader_losses),
    "restarts": ServiceProbe(restarts),
}
