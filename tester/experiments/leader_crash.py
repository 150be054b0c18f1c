"""One trial of Figure 16: a leader crashes after a heartbeat that all have received.

The paper's set-up: the logs differ, so that two of the four others cannot be elected,
and the time-outs of all four begin at about the same moment. Through the contract alone
that takes a trick. Messages to those two are slow, by whole heartbeat intervals; then
they are cut off, a command is replicated to the other two, and the leader's next
heartbeat arrives there at the moment at which the slow ones, sent before the command,
arrive here.
"""

from math import ceil

from labrpc.clock import MILLISECOND
from tester.experiments.election_cluster import ElectionCluster, Replacement
from tester.experiments.setting import Setting

# How many messages' time it takes until a command's leader knows who has it: it may wait
# for the answer to a heartbeat, then it is sent and acknowledged.
_MESSAGES_OF_A_COMMAND = 5


def crash_leader(cluster: ElectionCluster, setting: Setting) -> Replacement:
    """Crash the leader at a random time between two heartbeats."""
    leader = _quiet_leader(cluster, setting)
    if setting.cut_off_ms:
        _cut_one_off(cluster, setting, leader)
    if setting.ineligible:
        heartbeat_ns = _let_logs_differ(cluster, setting, leader)
    else:
        heartbeat_ns = cluster.await_broadcast(leader)
    after_ns = cluster.random.random() * setting.timeouts.heartbeat_ms * MILLISECOND
    crash_ns = heartbeat_ns + round(after_ns)
    cluster.world.sleep_ns(max(crash_ns - cluster.world.now_ns, 0))
    return cluster.crash_and_await_successor(
        leader, setting.limit_ms, lambda: setting.disturb(cluster)
    )


def _quiet_leader(cluster: ElectionCluster, setting: Setting) -> int:
    """Wait until a leader's log is on all servers, and nothing is under way."""
    cluster.connect_all()
    while True:
        leader = cluster.settled_leader()
        for _ in range(2):
            cluster.await_broadcast(leader)
        cluster.sleep_ms(setting.timeouts.heartbeat_ms / 2)
        if cluster.settled_leader() == leader:
            return leader


def _cut_one_off(cluster: ElectionCluster, setting: Setting, leader: int) -> None:
    """Cut a server off for a while: it begins elections, each in a new term."""
    others = [server for server in cluster.servers if server != leader]
    cluster.cut_off(cluster.random.choice(others))
    cluster.sleep_ms(setting.cut_off_ms)


def _let_logs_differ(cluster: ElectionCluster, setting: Setting, leader: int) -> int:
    """Let some servers lack the last entry; return when the last heartbeat was sent."""
    others = [server for server in cluster.servers if server != leader]
    lagging = cluster.random.sample(others, setting.ineligible)
    intervals = _slow_down(cluster, setting, leader, lagging)
    heartbeat_ns = cluster.await_broadcast(leader)
    for server in lagging:
        cluster.world.network.enable(leader, server, False)
    cluster.sleep_ms(2 * cluster.world.network.transit_ns[1] / MILLISECOND)
    cluster.commands += 1
    cluster.world.invoke(leader, "start", cluster.commands)
    for _ in range(intervals):
        heartbeat_ns = cluster.await_broadcast(leader)
    return heartbeat_ns


def _slow_down(
    cluster: ElectionCluster, setting: Setting, leader: int, lagging: list[int]
) -> int:
    """Let a leader's messages to some servers take whole heartbeat intervals longer.

    It happens in halves of an interval, so that no time-out ends. Returns how many
    intervals.
    """
    heartbeat_ms = setting.timeouts.heartbeat_ms
    longest_ms = cluster.world.network.transit_ns[1] / MILLISECOND
    intervals = ceil(_MESSAGES_OF_A_COMMAND * longest_ms / heartbeat_ms)
    slow_ns = cluster.world.network_faults().slow_ns
    for half in range(1, 2 * intervals + 1):
        cluster.await_broadcast(leader)
        for server in lagging:
            slow_ns[leader, server] = round(half / 2 * heartbeat_ms * MILLISECOND)
    return intervals
