"""Part 2X, the adversary: many short episodes, each with its own mixture of faults.

An episode is a second or two of faults. Then everything is healed, and within ten
virtual seconds all servers must agree on a new command. What must hold at every
moment (Figure 3) is checked all the time.
"""

from collections.abc import Callable

import pytest

from labrpc.world.network_faults import Link
from tester.scenario.checks import CAUGHT_UP_S_MAX, CheckedCluster
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
    lose_one_method,
    swarm,
)

pytestmark = [pytest.mark.part("2X"), pytest.mark.virtual_time]


# Each time after this many episodes, the cluster has to become quiet.
QUIET_EPISODES = 3
# How many commands a minority keeps to itself, at times more than a leader sends at once.
LONE_COMMANDS = (1, 8, 30, 70, 110)
# How late a minority answers after its return; elections time out before. None: its
# answers get lost for some time.
LATE_MS = (700, 1500, None, None, None)
# How long a message takes where a minority is needed at once.
NEEDED_MS = 40
# How long a message takes between the others, while a minority gets ahead of them; and how
# many commands come in this time.
SLOWER_MS = (100, 150, 200)
COMMANDS_UNDER_WAY = 4
# How often its answers come late instead of getting lost, how late they are, and for how long
# clients go on before the last few commands. The others must be able to elect a leader: their
# messages take far less than the shortest time-out (section 5.6).
LATE_SHARE = 0.6
SLOW_MS = (20, 30, 40)
LATE_ANSWERS_MS = (300, 450, 600)
CLIENTS_S = (0.0, 0.5)
# After how many commands a service takes a snapshot: each server has one of these.
SNAPSHOT_INTERVALS = (3, 60)
# The same, while a minority gets ahead: a leader that has just committed may need a snapshot.
SNAPSHOT_INTERVALS_AHEAD = (1, 60)
# The same, where followers often get snapshots, and entries beyond them.
SNAPSHOT_INTERVALS_SHORT = (3, 3, 20)
# How long a busy service needs for a command.
BUSY_US = (20_000, 50_000)


# Mixtures, drawn anew for each episode.


@pytest.mark.points(2)
@pytest.mark.cluster(servers=7, servers_min=2, persistence=True)
def test_troubled_elections(cluster: CheckedCluster) -> None:
    """Elections stay safe whatever happens to servers and messages."""
    faults = (*MESSAGES, *LINKS, *SERVERS, crash_in_a_step, crash_in_a_step)
    _episodes(cluster, 12, faults, commands=False)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_replication(cluster: CheckedCluster) -> None:
    """Committed entries stay committed while messages get lost and majorities change."""
    _episodes(cluster, 10, (*MESSAGES, *LINKS, leaders_cut_off))


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, servers_min=3, persistence=True, snapshots=True)
def test_troubled_snapshots(cluster: CheckedCluster) -> None:
    """Servers that fall behind catch up from snapshots, even if messages are late or copied."""
    _draw_snapshot_intervals(cluster)
    _episodes(cluster, 10, (*MESSAGES, *LINKS, leaders_cut_off, *SERVERS, *CRASHES))


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_recovery(cluster: CheckedCluster) -> None:
    """Servers that crash between any two actions lose nothing that others rely on."""
    _episodes(cluster, 8, (*CRASHES, *CRASHES, *MESSAGES, leaders_cut_off))


@pytest.mark.points(2)
@pytest.mark.cluster(servers=7, servers_min=2, persistence=True, snapshots=True)
def test_swarm(cluster: CheckedCluster) -> None:
    """Any mixture of all faults."""
    _draw_snapshot_intervals(cluster)
    _episodes(cluster, 10, FAULTS)


def _draw_snapshot_intervals(
    cluster: CheckedCluster, intervals: tuple[int, ...] = SNAPSHOT_INTERVALS
) -> None:
    """Let each service take snapshots at an interval of its own."""
    for server in cluster.servers:
        interval = cluster.random.choice(intervals)
        cluster.set_snapshot_interval(server, interval)


def _episodes(
    cluster: CheckedCluster,
    count: int,
    faults: tuple[Fault, ...],
    commands: bool = True,
) -> None:
    """Inject faults and heal them, again and again, while clients go on."""
    for number in range(count):
        seconds = cluster.random.uniform(0.5, 2.0)
        chosen = swarm(cluster.random, faults)
        clients = [cluster.spawn(_client, cluster, seconds)] if commands else []
        inject(cluster, number, seconds, chosen)
        cluster.join(clients)
        cluster.heal()
        if number % QUIET_EPISODES == QUIET_EPISODES - 1:
            cluster.check_quiet()
        elif cluster.random.random() < 0.3:
            _go_on_without_some(cluster)
        cluster.one(cluster.random_command(), len(cluster.servers), retry=True)


def _client(cluster: CheckedCluster, seconds: float) -> None:
    """Start commands on every server for some time, often a few at once."""
    ends = cluster.now + seconds
    command = cluster.random.choice([
        cluster.random_command, cluster.random_command, cluster.mixed_command,
    ])  # fmt: skip
    while cluster.now < ends:
        for _ in range(cluster.random.choice([1, 1, 4])):
            cluster.start_on_all(command())
        cluster.sleep(cluster.random.uniform(0.002, 0.06))


def _go_on_without_some(cluster: CheckedCluster) -> None:
    """Let any majority agree on a command, while the others stay cut off."""
    count = len(cluster.servers)
    away = cluster.random.sample(list(cluster.servers), (count - 1) // 2)
    cluster.disconnect(*away)
    cluster.one(cluster.random_command(), count - len(away), retry=True)
    cluster.connect(*away)


# Leaders that come and go.


@pytest.mark.points(1)
@pytest.mark.cluster(servers=5, persistence=True)
def test_unheard_leaders(cluster: CheckedCluster) -> None:
    """What a bare majority stores survives leaders that nobody hears of."""
    servers = list(cluster.servers)
    # From the start, so that the first election shows which methods there are.
    cluster.lose_methods()
    for _ in range(12):
        leader = cluster.check_one_leader()
        outside = cluster.random.sample([s for s in servers if s != leader], 2)
        cluster.lose_requests(*[(src, dst) for src in servers for dst in outside])
        for _ in range(cluster.random.randint(1, 3)):
            cluster.start(leader, cluster.random_command())
            cluster.sleep(cluster.random.uniform(0.0, 0.01))
        # Soon enough, the others have not heard yet what is committed.
        cluster.sleep(cluster.random.uniform(0.0, 0.05))
        if cluster.random.random() < 0.7:
            cluster.disconnect(leader)
        cluster.lose_requests()
        lose_one_method(cluster, cluster.random)
        # One after another may lead in this time, if it is AppendEntries that gets lost.
        cluster.sleep(cluster.random.uniform(0.5, 2.0))
        cluster.heal()
        cluster.one(cluster.random_command(), len(servers), retry=True)


# Servers that are away, and come back.


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_stalled_servers(cluster: CheckedCluster) -> None:
    """Servers that stall find all that they have missed at one instant."""
    for number in range(20):
        _draw_snapshot_intervals(cluster, SNAPSHOT_INTERVALS_SHORT)
        leader = cluster.check_one_leader()
        a, b = cluster.next_servers(leader, 2)
        busy = number % 5 in (0, 2)
        stalled = a if busy else leader
        seconds = cluster.random.uniform(0.3, 0.7 if busy else 1.2)
        if busy:
            # When a snapshot arrives, its service still has to apply what came before.
            cluster.slow_state_machine(stalled, cluster.random.choice(BUSY_US))
        else:
            # Both may stand in one term, and ask the leader when it goes on.
            cluster.slow_link(a, b, cluster.random.randint(20, 300))
            cluster.slow_link(b, a, cluster.random.randint(20, 300))
        clients = [cluster.spawn(_client, cluster, seconds + 0.3)] if busy else []
        if busy:
            cluster.sleep(0.2)
        cluster.pause(stalled)
        cluster.sleep(seconds)
        cluster.resume(stalled)
        cluster.join(clients)
        cluster.sleep(0.1)
        if busy:
            cluster.restart(stalled)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, servers_min=3, persistence=True)
def test_minorities_return(cluster: CheckedCluster) -> None:
    """Servers with entries that no majority has are brought up to date when they return."""
    _minorities_return(cluster, 8)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=4, persistence=True, snapshots=True)
def test_minorities_return_to_snapshots(cluster: CheckedCluster) -> None:
    """A snapshot replaces entries that no majority has."""
    _minorities_return(cluster, 9, snapshots=True)


def _minorities_return(
    cluster: CheckedCluster, count: int, snapshots: bool = False
) -> None:
    """Cut minorities off, mostly with entries of their own, and let them come back."""
    for _ in range(count):
        if snapshots:
            _draw_snapshot_intervals(cluster)
        leader = cluster.check_one_leader()
        away = _minority(cluster, leader)
        others = [server for server in cluster.servers if server not in away]
        if leader in away:
            cluster.disconnect(*others)
            for _ in range(cluster.random.choice(LONE_COMMANDS)):
                cluster.start(leader, cluster.mixed_command())
            cluster.sleep(0.1)
        go, come_back = cluster.random.choice([
            (cluster.disconnect, cluster.connect), (cluster.crash, cluster.restart),
        ])  # fmt: skip
        go(*away)
        cluster.connect(*others)
        accepted = cluster.indices_accepted()
        cluster.commands(cluster.random.randint(1, 40))
        cluster.sleep(cluster.random.choice([0.0, 0.0, 5.0]))
        if cluster.random.random() < 0.6:
            # The next leader does not know where the logs part.
            cluster.restart(cluster.check_one_leader())
        late_ms = cluster.random.choice(LATE_MS)
        if late_ms:
            for server in away:
                for other in others:
                    cluster.slow_replies(server, other, late_ms)
            come_back(*away)
        else:
            _return_where_needed(cluster, away, others, come_back)
        index = cluster.commands(3)
        _check_caught_up(cluster, index, index - min(accepted, index), late_ms or 0)
        cluster.heal()
        if late_ms:
            cluster.check_quiet()
        else:
            _lose_answers(cluster, away, others, snapshots)
        cluster.one(cluster.random_command(), len(cluster.servers), retry=True)


def _check_caught_up(
    cluster: CheckedCluster, index: int, lacking: int, late_ms: int
) -> None:
    """Fail unless those that have returned catch up, in time for answers that are late.

    A leader may need an answer or two for each term, or one for each halving of its log, to
    find where another log parts from its own, and then one for ten entries.
    """
    answers = 4 + index.bit_length() + lacking // 10
    if late_ms:
        seconds = CAUGHT_UP_S_MAX + answers * late_ms / 1000
        cluster.check_caught_up(index, seconds, _late(late_ms))
    else:
        cluster.check_caught_up(index)


def _return_where_needed(
    cluster: CheckedCluster,
    away: list[int],
    others: list[int],
    come_back: Callable[..., None],
) -> None:
    """Let a minority return when there is no majority without it, while commands go on."""
    leader = cluster.check_one_leader()
    followers = [server for server in others if server != leader]
    spare = followers[: (len(cluster.servers) - 1) // 2]
    cluster.disconnect(*spare)
    for here in away:
        for there in others:
            cluster.slow_link(here, there, NEEDED_MS)
            cluster.slow_link(there, here, NEEDED_MS)
    come_back(*away)
    for _ in range(20):
        cluster.start_on_all(cluster.random_command())
        cluster.sleep(NEEDED_MS / 1000)
    cluster.heal()


def _lose_answers(
    cluster: CheckedCluster, away: list[int], others: list[int], snapshots: bool
) -> None:
    """Lose a minority's answers to the others, which then do not know what it has."""
    for _ in range(3):
        if snapshots and cluster.random.random() < 0.7:
            if cluster.random.random() < LATE_SHARE:
                _draw_snapshot_intervals(cluster, SNAPSHOT_INTERVALS_SHORT)
                _answer_late(cluster)
            else:
                _draw_snapshot_intervals(cluster, SNAPSHOT_INTERVALS_AHEAD)
                _get_ahead(cluster)
        else:
            if snapshots:
                _draw_snapshot_intervals(cluster)
            cluster.lose_replies(*[(here, there) for here in away for there in others])
            cluster.commands(cluster.random.randint(2, 12))
        cluster.heal()
        cluster.check_caught_up(cluster.commands(3))


def _get_ahead(cluster: CheckedCluster) -> None:
    """Let a minority get entries that the others get later, or never from this leader.

    Its answers get lost, so the leader, which fails in the end, does not know of it.
    """
    delay_ms = cluster.random.choice(SLOWER_MS)
    leader, links, answers = _slow_majority(cluster, delay_ms)
    cluster.lose_replies(*answers)
    reached = cluster.random.randint(COMMANDS_UNDER_WAY // 2, COMMANDS_UNDER_WAY)
    for number in range(3 * COMMANDS_UNDER_WAY):
        if number == reached:
            cluster.lose_requests(*links)
        _, leader = cluster.start_on_all(cluster.random_command())
        cluster.sleep(delay_ms / COMMANDS_UNDER_WAY / 1000)
    if leader is not None:
        cluster.heal()
        cluster.disconnect(leader)
        cluster.one(cluster.random_command(), len(cluster.servers) - 1, retry=True)


def _answer_late(cluster: CheckedCluster) -> None:
    """Let a minority get entries before the others, and answer when they have all answered.

    It must be up to date in the end without any further command.
    """
    _, _, answers = _slow_majority(cluster, cluster.random.choice(SLOW_MS))
    late_ms = cluster.random.choice(LATE_ANSWERS_MS)
    for src, dst in answers:
        cluster.slow_replies(src, dst, late_ms)
    seconds = cluster.random.choice(CLIENTS_S)
    cluster.join([cluster.spawn(_client, cluster, seconds)] if seconds else [])
    index = cluster.commands(cluster.random.randint(2, 8))
    cluster.check_caught_up(
        index, CAUGHT_UP_S_MAX + 10 * late_ms / 1000, _late(late_ms)
    )


def _late(late_ms: int) -> str:
    return f"with answers that take {late_ms / 1000:g} s"


def _slow_majority(
    cluster: CheckedCluster, delay_ms: int
) -> tuple[int | None, list[Link], list[Link]]:
    """Make the links between the leader and most of the others slow.

    Returns the leader, these links, and those of a minority's answers.
    """
    _, leader = cluster.start_on_all(cluster.random_command())
    followers = [server for server in cluster.servers if server != leader]
    most = (len(cluster.servers) - 1) // 2
    ahead = cluster.random.sample(followers, cluster.random.randint(1, most))
    others = [server for server in cluster.servers if server not in ahead]
    links = [(a, b) for a in others for b in others if a != b]
    for src, dst in links:
        cluster.slow_link(src, dst, delay_ms)
    return leader, links, [(a, b) for a in ahead for b in others]


def _minority(cluster: CheckedCluster, leader: int) -> list[int]:
    """Return less than half of the servers, mostly the leader among them."""
    most = (len(cluster.servers) - 1) // 2
    others = [server for server in cluster.servers if server != leader]
    if cluster.random.random() < 0.7:
        return [
            leader,
            *cluster.random.sample(others, cluster.random.randint(0, most - 1)),
        ]
    return cluster.random.sample(others, cluster.random.randint(1, most))
