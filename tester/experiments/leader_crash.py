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
from tester.experiments.election_cluster import (
    MESSAGES_OF_A_COMMAND,
    ElectionCluster,
    Replacement,
)
from tester.experiments.setting import Setting


def crash_leader(cluster: ElectionCluster, setting: Setting) -> Replacement:
    """Crash the leader at a random time between two heartbeats."""
    cluster.connect_all()
    leader = cluster.settled_leader()
    if setting.cut_off_ms:
        _cut_one_off(cluster, setting, leader)
    if setting.ineligible:
        heartbeat_ns = _let_logs_differ(cluster, setting, leader)
    else:
        heartbeat_ns = cluster.await_broadcast(leader)
    after_ms = setting.crash_after_ms(cluster.random.random())
    crash_ns = heartbeat_ns + round(after_ms * MILLISECOND)
    cluster.world.sleep_ns(max(crash_ns - cluster.world.now_ns, 0))
    return cluster.crash_and_await_successor(
        leader, setting.limit_ms, lambda: setting.disturb(cluster)
    )


def _cut_one_off(cluster: ElectionCluster, setting: Setting, leader: int) -> None:
    """Cut a server off for a while: it begins elections, each in a new term."""
    others = [server for server in cluster.servers if server != leader]
    cluster.cut_off(cluster.random.choice(others))
    cluster.sleep_ms(setting.cut_off_ms)


def _let_logs_differ(cluster: ElectionCluster, setting: Setting, leader: int) -> int:
    """Let some servers lack the last entry; return when the last heartbeat was sent."""
    others = [server for server in cluster.servers if server != leader]
    lagging = cluster.random.sample(others, setting.ineligible)
    heartbeat_ms = setting.timeouts.heartbeat_ms
    command_ms = MESSAGES_OF_A_COMMAND * cluster.longest_message_ms
    intervals = ceil(command_ms / heartbeat_ms)
    # By half an interval at a time, so that no time-out ends meanwhile.
    for half in range(1, 2 * intervals + 1):
        for server in lagging:
            slow_ns = round(half / 2 * heartbeat_ms * MILLISECOND)
            cluster.world.network_faults().slow_ns[leader, server] = slow_ns
        heartbeat_ns = cluster.await_broadcast(leader)
    for server in lagging:
        cluster.world.network.enable(leader, server, False)
    cluster.sleep_ms(2 * cluster.longest_message_ms)
    cluster.commands += 1
    cluster.world.invoke(leader, "start", cluster.commands)
    # A heartbeat may have been sent meanwhile. This is the one that the others receive
    # when those who lag receive the last one of theirs.
    until_ns = heartbeat_ns + round((intervals - 0.5) * heartbeat_ms * MILLISECOND)
    while heartbeat_ns < until_ns:
        heartbeat_ns = cluster.await_broadcast(leader)
    return heartbeat_ns
