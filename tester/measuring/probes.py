"""The probes: scenarios that measure, and check nothing but what a cluster always does.

Each takes a cluster of five servers that has just been started, repeats its trial until
it has enough or the virtual time of a scenario is nearly over, and notes samples of
figures by name.
"""

from collections.abc import Callable

from labrpc.clock import MILLISECOND, SECOND
from tester import codes
from tester.measuring import probing as of_cluster
from tester.measuring.watching import Applications, Arrivals
from tester.scenario.checks import CheckedCluster
from tester.scenario.polled_cluster import LEADER_S_MAX, NO_LEADER_CAUSES

SERVERS = 5
# How long the servers are left alone, at least, so that nothing is under way.
QUIET_S = 0.3
# Over what time the moment of a crash is spread: several heartbeat intervals.
CRASH_S = 0.2
IDLE_S = 5
LOOK_NS = 10 * MILLISECOND
# Entries of an old leader that are lost, and of the new one that replace them.
DIVERGENT_COMMANDS = 20
RECOVERED_COMMANDS = 100
CATCH_UP_S_MAX = 20
COMMAND_AGAIN_S = 2


Probing = of_cluster.Probing[CheckedCluster]


def elections(probing: Probing) -> None:
    """Crash leaders, and measure how they are replaced."""
    cluster = probing.cluster
    arrivals = Arrivals()
    cluster.world.observe(arrivals)
    while probing.more("downtime_ms"):
        leader = _leader_of_all(cluster)
        cluster.sleep(CRASH_S * cluster.random.random())
        # It may have been replaced meanwhile.
        term, leads = cluster.get_state(leader)
        if not leads:
            continue
        crashed_ns = cluster.now_ns
        arrivals.forget()
        cluster.crash(leader)
        term, heard_ns = _successor(cluster, arrivals, term)
        probing.note("downtime_ms", (heard_ns - crashed_ns) / MILLISECOND)
        probing.note("election_terms", term)
        cluster.restart(leader)


def _leader_of_all(cluster: CheckedCluster) -> int:
    """Wait for a leader whose term all connected servers are in."""
    until_ns = cluster.now_ns + 10 * LEADER_S_MAX * SECOND
    while cluster.now_ns < until_ns:
        # One that has just been restarted has not reported its state yet.
        states = {
            server: cluster.states[server] or cluster.get_state(server)
            for server in cluster.connected_servers()
        }
        leaders = [server for server, (_, leads) in states.items() if leads]
        terms = {term for term, _ in states.values()}
        if len(leaders) == len(terms) == 1:
            return leaders[0]
        _next(cluster)
    # It asks the servers themselves, and says what is wrong.
    return cluster.check_one_leader()


def _successor(
    cluster: CheckedCluster, arrivals: Arrivals, term: int
) -> tuple[int, int]:
    """Wait for a leader that all others have heard from.

    Returns how many terms later than `term` its own is, and when the last one heard.
    """
    led: dict[tuple[int, int], int] = {}
    until_ns = cluster.now_ns + 10 * LEADER_S_MAX * SECOND
    while cluster.now_ns < until_ns:
        for server in cluster.up():
            state = cluster.states[server]
            if state is not None and state[1] and state[0] > term:
                led.setdefault((server, state[0]), cluster.now_ns)
        for (server, its_term), since_ns in led.items():
            heard = arrivals.heard_ns(server, since_ns)
            if len(heard.keys() - {server}) >= len(cluster.up()) - 1:
                return its_term - term, max(heard.values())
        _next(cluster)
    cluster.fail(
        codes.NO_LEADER,
        f"no leader that all others have heard from, {10 * LEADER_S_MAX} s after the "
        "one before had crashed (section 5.2)",
        NO_LEADER_CAUSES,
    )


def _next(cluster: CheckedCluster) -> None:
    """Let the next thing happen, or a little time pass if nothing does."""
    next_ns = cluster.world.next_event_ns
    wait_ns = LOOK_NS if next_ns is None else max(next_ns - cluster.now_ns, 0)
    cluster.sleep_ns(min(wait_ns, LOOK_NS))


def replication(probing: Probing) -> None:
    """Leave a leader alone for a while, then give it commands one after the other."""
    cluster = probing.cluster
    applied = Applications()
    cluster.world.observe(applied)
    leader = cluster.check_one_leader()
    cluster.sleep(QUIET_S)
    calls = cluster.network.calls
    cluster.sleep(IDLE_S)
    probing.note("idle_rpcs_per_s", (cluster.network.calls - calls) / IDLE_S)
    calls, carried = cluster.network.calls, cluster.network.bytes
    cpu_s = probing.cpu_s()
    while probing.more("commit_latency_ms"):
        began_ns = cluster.now_ns
        leader = _commit(cluster, applied, leader)
        committed_ns = applied.at_ns[leader, cluster.commits()]
        probing.note("commit_latency_ms", (committed_ns - began_ns) / MILLISECOND)
    commands = len(probing.samples["commit_latency_ms"])
    probing.note("cpu_ms_per_command", 1000 * (probing.cpu_s() - cpu_s) / commands)
    probing.note("command_rpcs", (cluster.network.calls - calls) / commands)
    probing.note("command_bytes", (cluster.network.bytes - carried) / commands)
    cluster.sleep(QUIET_S)
    probing.note("state_bytes", cluster.raft_state_bytes_max()[0])


def _commit(cluster: CheckedCluster, applied: Applications, leader: int) -> int:
    """Have a command committed; return the leader that has applied it."""
    command = cluster.random_command()
    until_ns = cluster.now_ns + CATCH_UP_S_MAX * SECOND
    index, _, leads = cluster.start(leader, command)
    while cluster.now_ns < until_ns:
        if not leads:
            leader = cluster.check_one_leader()
            index, _, leads = cluster.start(leader, command)
        elif (leader, index) in applied.at_ns:
            # The state machine takes it a moment later.
            if cluster.commits() >= index:
                return leader
        elif cluster.states[leader] is not None:
            state = cluster.states[leader]
            leads = state is not None and state[1]
        _next(cluster)
    cluster.fail(
        codes.NO_AGREEMENT,
        f"a command was not applied by its leader within {CATCH_UP_S_MAX} s, though all "
        "servers were connected (section 5.3)",
    )


def catching_up(probing: Probing) -> None:
    """Cut leaders off with entries that are lost, and measure how they catch up.

    The leader that reconnects them is the second one since then.
    """
    cluster = probing.cluster
    applied = Applications()
    cluster.world.observe(applied)
    while probing.more("catch_up_ms"):
        cut_off = _leader_of_all(cluster)
        cluster.disconnect(cut_off)
        for _ in range(DIVERGENT_COMMANDS):
            cluster.start(cut_off, cluster.random_command())
        leader = _leader_of_all(cluster)
        for _ in range(DIVERGENT_COMMANDS):
            leader = _commit(cluster, applied, leader)
        # Only a leader that is elected now begins at the end of its log, and has to go
        # back to where that of the old one agrees.
        cluster.disconnect(leader)
        _leader_of_all(cluster)
        cluster.connect(leader)
        # What earlier leaders had is committed with a command of its own term (5.4.2).
        leader = _commit(cluster, applied, _leader_of_all(cluster))
        cluster.sleep(CRASH_S * cluster.random.random())
        began_ns = cluster.now_ns
        calls, carried = cluster.network.calls, cluster.network.bytes
        cluster.connect(cut_off)
        _commit(cluster, applied, leader)
        applied_ns = _wait_applied(cluster, applied, cut_off)
        probing.note("catch_up_ms", (applied_ns - began_ns) / MILLISECOND)
        probing.note("catch_up_rpcs", cluster.network.calls - calls)
        probing.note("catch_up_bytes", cluster.network.bytes - carried)


def recovering(probing: Probing) -> None:
    """Crash followers and restart them, and measure how long they need."""
    cluster = probing.cluster
    applied = Applications()
    cluster.world.observe(applied)
    leader = cluster.check_one_leader()
    for _ in range(RECOVERED_COMMANDS):
        leader = _commit(cluster, applied, leader)
    while probing.more("recovery_ms"):
        leader = _leader_of_all(cluster)
        others = [server for server in cluster.servers if server != leader]
        follower = cluster.random.choice(others)
        cluster.crash(follower)
        cluster.sleep(CRASH_S * cluster.random.random())
        began_ns = cluster.now_ns
        cluster.restart(follower)
        applied_ns = _wait_applied(cluster, applied, follower)
        probing.note("recovery_ms", (applied_ns - began_ns) / MILLISECOND)


def _wait_applied(cluster: CheckedCluster, applied: Applications, server: int) -> int:
    """Wait until a server has applied all that is committed; return when it has."""
    index = cluster.commits()
    until_ns = cluster.now_ns + CATCH_UP_S_MAX * SECOND
    again_ns = cluster.now_ns + COMMAND_AGAIN_S * SECOND
    while (server, index) not in applied.at_ns:
        if cluster.now_ns > until_ns:
            cluster.fail(
                codes.NOT_CAUGHT_UP,
                f"server {server} has not applied index {index} within "
                f"{CATCH_UP_S_MAX} s, though all servers were connected (section 5.3)",
            )
        if cluster.now_ns > again_ns:
            # There may be a new leader: it commits nothing without a command.
            again_ns += COMMAND_AGAIN_S * SECOND
            _commit(cluster, applied, _leader_of_all(cluster))
        _next(cluster)
    return applied.at_ns[server, index]


PROBES: dict[str, Callable[[Probing], None]] = {
    probe.__name__: probe for probe in (elections, replication, catching_up, recovering)
}
