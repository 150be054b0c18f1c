"""Part 2X, the adversary: many short troubled episodes, and scenarios made for one bug.

An episode is a second or two of trouble, then everything is healed, and within
ten virtual seconds all servers must agree on a new command. What must hold at
every moment (Figure 3) is looked after all the while.
"""

from fractions import Fraction

import pytest

from labrpc import crash_points
from labrpc.clock import MILLISECOND
from tester.checks import ELECTION_TIMEOUT, CheckedCluster
from tester.faults import (
    CRASHES,
    FAULTS,
    LINKS,
    MESSAGES,
    SERVERS,
    Fault,
    crash_in_a_step,
    heal,
    leaders_cut_off,
    make_trouble,
    swarm,
)

pytestmark = pytest.mark.part("2X")


# Mixtures, drawn anew for each episode.


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_elections(cluster: CheckedCluster) -> None:
    """Elections stay safe whatever happens to servers and messages."""
    faults = (*MESSAGES, *LINKS, *SERVERS, crash_in_a_step, crash_in_a_step)
    _episodes(cluster, 14, faults, commands=False)


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_replication(cluster: CheckedCluster) -> None:
    """What is committed stays so while messages go astray and majorities change."""
    _episodes(cluster, 12, (*MESSAGES, *LINKS, leaders_cut_off))


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_troubled_snapshots(cluster: CheckedCluster) -> None:
    """Servers that fall behind catch up by snapshots, whatever arrives twice or late."""
    _episodes(cluster, 12, (*MESSAGES, *LINKS, leaders_cut_off, *SERVERS, *CRASHES))


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True)
def test_troubled_recovery(cluster: CheckedCluster) -> None:
    """Servers that die between any two actions lose nothing that others rely on."""
    _episodes(cluster, 12, (*CRASHES, *CRASHES, *MESSAGES, leaders_cut_off))


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True, snapshots=True)
def test_swarm(cluster: CheckedCluster) -> None:
    """Any mixture of all kinds of trouble."""
    _episodes(cluster, 12, FAULTS)


def _episodes(
    cluster: CheckedCluster,
    count: int,
    faults: tuple[Fault, ...],
    commands: bool = True,
) -> None:
    """Make trouble so many times, and heal it; clients go on meanwhile."""
    cluster.check_one_leader()
    for number in range(count):
        seconds = cluster.random.uniform(0.5, 2.0)
        chosen = swarm(cluster.random, faults)
        clients = [cluster.spawn(_client, cluster, seconds)] if commands else []
        make_trouble(cluster, number, seconds, chosen)
        cluster.join(clients)
        heal(cluster)
        cluster.one(cluster.random_command(), len(cluster.servers), retry=True)


def _client(cluster: CheckedCluster, seconds: float) -> None:
    """Offer commands to every server for so long, often a few at once."""
    ends = cluster.now + seconds
    while cluster.now < ends:
        for _ in range(cluster.random.choice([1, 1, 4])):
            cluster.start_on_all(cluster.random_command())
        cluster.sleep(cluster.random.uniform(0.002, 0.06))


# Elections (section 5.2).


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, persistence=True)
def test_voter_dies_after_voting(cluster: CheckedCluster) -> None:
    """A server that dies right after voting votes for nobody else in that term."""
    trouble = cluster.world.trouble()
    for _ in range(12):
        voter = cluster.check_one_leader()
        first, second = cluster.next_servers(voter, 2)
        # They stand against each other, and one's request for a vote comes late.
        cluster.set_link(first, second, False)
        cluster.set_link(second, first, False)
        late_s = cluster.random.uniform(0.05, 0.25)
        trouble.slow_ns[second, voter] = int(late_s * 1000) * MILLISECOND
        # Just restarted, it will be asked before it stands itself.
        cluster.restart(voter)
        cluster.crash_at(voter, crash_points.after_reply)
        _wait_until_down(cluster, voter, 2 * ELECTION_TIMEOUT)
        if not cluster.is_up(voter):
            cluster.restart(voter)
        cluster.sleep(0.5)
        heal(cluster)
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True)
def test_losing_candidate(cluster: CheckedCluster) -> None:
    """A candidate that hears from the leader of its own term follows it at once."""
    for _ in range(6):
        leader = cluster.check_one_leader()
        rivals = cluster.next_servers(leader, 2)
        # Each of the two stands without hearing of the other, and one wins.
        cluster.set_link(rivals[0], rivals[1], False)
        cluster.set_link(rivals[1], rivals[0], False)
        term, _ = cluster.get_state(leader)
        cluster.restart(leader)
        winner = _wait_for_leader_after(cluster, term)
        term, _ = cluster.get_state(winner)
        for loser in rivals:
            ends = cluster.now + ELECTION_TIMEOUT
            while cluster.get_state(loser)[0] < term and cluster.now < ends:
                cluster.sleep(0.002)
            # Its own next candidacy is far off, by its clock.
            if loser != winner and cluster.get_state(loser) == (term, False):
                cluster.world.set_clock_rate(loser, Fraction(1, 10))
        cluster.connect(*cluster.servers)
        index, _, leads = cluster.start(winner, cluster.random_command())
        ends = cluster.now + 2 * ELECTION_TIMEOUT
        while leads and cluster.n_committed(index)[0] < 3 and cluster.now < ends:
            cluster.sleep(0.01)
        its_term, leads = cluster.get_state(winner)
        cluster.require(
            (its_term, leads) != (term, True) or cluster.n_committed(index)[0] == 3,
            f"server {winner} leads term {term}, and all servers are connected, but "
            f"2 s after start() index {index} is applied by "
            f"{cluster.n_committed(index)[0]} of 3 servers",
            "a candidate that receives AppendEntries from the leader of its own term "
            "becomes its follower (section 5.2)",
        )
        heal(cluster)
        cluster.one(cluster.random_command(), 3, retry=True)


def _wait_until_down(cluster: CheckedCluster, server: int, seconds: float) -> None:
    ends = cluster.now + seconds
    while cluster.is_up(server) and cluster.now < ends:
        cluster.sleep(0.001)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True)
def test_votes_of_an_earlier_candidacy(cluster: CheckedCluster) -> None:
    """A vote that arrives when its candidate stands in a later term does not count."""
    trouble = cluster.world.trouble()
    for _ in range(8):
        leader = cluster.check_one_leader()
        candidate, voter = cluster.next_servers(leader, 2)
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.disconnect(leader)
        # Only the candidate can stand; the vote for it takes long to arrive.
        trouble.lost_requests.add((voter, candidate))
        late_s = cluster.random.uniform(0.2, 1.5)
        trouble.slow_ns[voter, candidate] = int(late_s * 1000) * MILLISECOND
        term, _ = cluster.get_state(voter)
        ends = cluster.now + 2 * ELECTION_TIMEOUT
        while cluster.now < ends and cluster.get_state(voter)[0] == term:
            cluster.sleep(0.005)
        # Later requests for votes get lost: only the late vote may arrive.
        trouble.lost_requests.add((candidate, voter))
        cluster.sleep(late_s + 0.3)
        heal(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_disruptive_server(cluster: CheckedCluster) -> None:
    """A server that hears nobody and keeps asking for votes cannot stop elections."""
    for _ in range(2):
        leader = cluster.check_one_leader()
        deaf, *others = cluster.next_servers(leader, 4)
        cluster.disconnect(deaf)
        # It misses entries, so that nobody may vote for it.
        cluster.one(cluster.random_command(), 4, retry=True)
        cluster.one(cluster.random_command(), 4, retry=True)
        cluster.disconnect(leader)
        for other in others:
            cluster.set_link(deaf, other, True)
            cluster.world.trouble().lost_replies.add((other, deaf))
        # It stands three times as often as the others' time-outs let them.
        cluster.world.set_clock_rate(deaf, Fraction(3))
        seen = len(cluster.invariants.leaders)
        cluster.sleep(8 * ELECTION_TIMEOUT)
        cluster.require(
            len(cluster.invariants.leaders) > seen,
            f"no leader in 8 s among servers {others}, though they are connected: "
            f"server {deaf}, whose log is behind, asks for votes all the while",
            "a refused request for a vote must not restart the election timer "
            "(section 5.2, Figure 2: only granting a vote does, and AppendEntries "
            "from the current leader)",
        )
        heal(cluster)
        cluster.one(cluster.random_command(), 5, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True)
def test_hears_but_cannot_ask(cluster: CheckedCluster) -> None:
    """A server in a later term, whose requests get lost, is followed up all the same."""
    trouble = cluster.world.trouble()
    for _ in range(3):
        leader = cluster.check_one_leader()
        mute = cluster.next_servers(leader, 1)[0]
        cluster.disconnect(mute)
        cluster.sleep(2 * ELECTION_TIMEOUT)
        # Its replies alone can tell the leader of the later term.
        trouble.lost_requests |= {(mute, s) for s in cluster.servers if s != mute}
        cluster.connect(mute)
        cluster.one(cluster.random_command(), 3, retry=True)
        heal(cluster)
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_hears_but_is_not_heard(cluster: CheckedCluster) -> None:
    """A server that nobody hears disturbs nobody; one that hears nobody steps down."""
    trouble = cluster.world.trouble()
    for _ in range(3):
        leader = cluster.check_one_leader()
        unheard = cluster.next_servers(leader, 1)[0]
        for other in cluster.servers:
            cluster.set_link(unheard, other, False)
            trouble.lost_replies.add((unheard, other))
        cluster.one(cluster.random_command(), 4, retry=True)
        heal(cluster)
        # Now the leader is not heard: the others must do without it.
        leader = cluster.check_one_leader()
        for other in cluster.servers:
            cluster.set_link(leader, other, False)
        cluster.sleep(ELECTION_TIMEOUT)
        cluster.one(cluster.random_command(), 5, retry=True)
        heal(cluster)


# Replication and commitment (sections 5.3 and 5.4).


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True)
def test_figure_8_step_by_step(cluster: CheckedCluster) -> None:
    """An entry of an earlier term is not committed by counting its replicas."""
    for _ in range(4):
        # (a) A leader replicates an entry to one server only.
        first = cluster.check_one_leader()
        second, third, fourth, fifth = cluster.next_servers(first, 4)
        cluster.disconnect(third, fourth, fifth)
        cluster.start(first, cluster.random_command())
        cluster.sleep(0.1)
        cluster.disconnect(first, second)
        # (b) Another leads the next term, and has an entry that nobody else has.
        cluster.connect(third, fourth, fifth)
        other = cluster.check_one_leader()
        term, _ = cluster.get_state(other)
        third, fourth = [s for s in (third, fourth, fifth) if s != other]
        cluster.disconnect(third, fourth, other)
        cluster.start(other, cluster.random_command())
        cluster.crash(other)
        # (c) The first entry reaches a majority, but in a later term.
        cluster.connect(first, second, third)
        _wait_for_leader_after(cluster, term)
        cluster.sleep(0.3)
        # (d) The other is elected, and replaces it.
        cluster.disconnect(first, second, third)
        cluster.restart(other)
        cluster.connect(third, fourth)
        cluster.one(cluster.random_command(), 3, retry=True)
        heal(cluster)
        cluster.one(cluster.random_command(), 5, retry=True)


def _wait_for_leader_after(cluster: CheckedCluster, term: int) -> int:
    """Wait until a connected server leads a term later than `term`."""
    ends = cluster.now + 10
    while cluster.now < ends:
        for server in cluster.connected_servers():
            its_term, leads = cluster.get_state(server)
            if leads and its_term > term:
                return server
        cluster.sleep(0.02)
    cluster.fail(
        f"no leader of a term after {term} in 10 s among servers "
        f"{cluster.connected_servers()}, which are a majority (section 5.2)"
    )


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True)
def test_late_append_entries(cluster: CheckedCluster) -> None:
    """AppendEntries that arrive twice, late and out of order undo nothing."""
    trouble = cluster.world.trouble()
    for _ in range(6):
        leader = cluster.check_one_leader()
        followers = cluster.next_servers(leader, 4)
        cluster.disconnect(*followers[2:])
        trouble.duplicated = 1.0
        trouble.held_ns_max = 400 * MILLISECOND
        index = 0
        for _ in range(20):
            index, _, _ = cluster.start(leader, cluster.random_command())
            cluster.sleep(cluster.random.uniform(0.001, 0.02))
        _wait_applied(cluster, index)
        # Now only copies of what was sent before can arrive.
        cluster.disconnect(leader)
        cluster.sleep(cluster.random.uniform(0.0, 0.5))
        _heal_all_but(cluster, leader, followers[3])
        cluster.one(cluster.random_command(), 3, retry=True)
        heal(cluster)
        cluster.one(cluster.random_command(), 5, retry=True)


def _heal_all_but(cluster: CheckedCluster, *servers: int) -> None:
    """Heal everything, but leave some servers cut off."""
    heal(cluster)
    cluster.disconnect(*servers)


def _wait_applied(cluster: CheckedCluster, index: int) -> bool:
    """Wait up to two seconds until some server has applied `index`."""
    ends = cluster.now + 2
    while cluster.now < ends:
        if cluster.n_committed(index)[0]:
            return True
        cluster.sleep(0.002)
    return False


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True)
def test_power_failure_after_commit(cluster: CheckedCluster) -> None:
    """What a bare majority has committed outlives a power cut at that very moment."""
    for _ in range(8):
        leader = cluster.check_one_leader()
        followers = cluster.next_servers(leader, 4)
        cluster.random.shuffle(followers)
        cluster.disconnect(*followers[2:])
        for _ in range(cluster.random.randint(1, 3)):
            index, _, _ = cluster.start(leader, cluster.random_command())
        _wait_applied(cluster, index)
        cluster.crash(*cluster.servers)
        # One of those that have it, and two that do not.
        keeper = cluster.random.choice([leader, *followers[:2]])
        cluster.restart(keeper, *followers[2:])
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.restart(*[s for s in cluster.servers if not cluster.is_up(s)])
        cluster.one(cluster.random_command(), 5, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_rotating_majorities(cluster: CheckedCluster) -> None:
    """Each majority has one server in common with the last, and loses nothing of it."""
    trouble = cluster.world.trouble()
    for _ in range(10):
        leader = cluster.check_one_leader()
        others = cluster.next_servers(leader, 4)
        cluster.random.shuffle(others)
        trouble.held = 0.3
        trouble.duplicated = 0.3
        cluster.disconnect(*others[2:])
        for _ in range(6):
            index, _, _ = cluster.start(leader, cluster.random_command())
            cluster.sleep(cluster.random.uniform(0.0, 0.02))
        if cluster.random.random() < 0.5:
            _wait_applied(cluster, index)
        # The leader goes; one of its two followers stays.
        cluster.disconnect(leader, others[0])
        cluster.connect(*others[1:])
        cluster.one(cluster.random_command(), 3, retry=True)
        heal(cluster)


# Snapshots (section 7).


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, persistence=True, snapshots=True)
def test_late_snapshots(cluster: CheckedCluster) -> None:
    """A snapshot that arrives twice or late never takes a server back."""
    trouble = cluster.world.trouble()
    for number in range(6):
        leader = cluster.check_one_leader()
        behind = cluster.next_servers(leader, 2)[number % 2]
        cluster.disconnect(behind)
        _commands(cluster, cluster.random.randint(12, 25))
        trouble.duplicated = 1.0
        trouble.held_ns_max = 1000 * MILLISECOND
        trouble.slow_ns[leader, behind] = cluster.random.randint(0, 100) * MILLISECOND
        cluster.connect(behind)
        _commands(cluster, cluster.random.randint(3, 15))
        cluster.sleep(cluster.random.uniform(0.0, 1.0))
        if cluster.random.random() < 0.5:
            cluster.restart(behind)
        _commands(cluster, 3)
        heal(cluster)
        cluster.one(cluster.random_command(), 3, retry=True)


def _commands(cluster: CheckedCluster, count: int) -> None:
    """Get so many commands applied by a majority."""
    for _ in range(count - 1):
        cluster.start_on_all(cluster.random_command())
        cluster.sleep(0.002)
    cluster.one(cluster.random_command(), len(cluster.servers) // 2 + 1, retry=True)


# Clusters of an even number of servers.


@pytest.mark.points(2)
@pytest.mark.cluster(servers=4, persistence=True)
def test_two_halves(cluster: CheckedCluster) -> None:
    """Half of the servers are no majority: neither half elects or commits."""
    for _ in range(3):
        leader = cluster.check_one_leader()
        friend, *others = cluster.next_servers(leader, 3)
        for here in (leader, friend):
            for there in others:
                cluster.set_link(here, there, False)
                cluster.set_link(there, here, False)
        index, term, leads = cluster.start(leader, cluster.random_command())
        cluster.sleep(2 * ELECTION_TIMEOUT)
        if leads:
            cluster.check_no_agreement(
                index, f"only servers {leader} and {friend} of 4 can have stored it"
            )
        for server in others:
            its_term, leads = cluster.get_state(server)
            cluster.require(
                not leads or its_term <= term,
                f"server {server} leads term {its_term} with the votes of 2 of 4 servers",
                "a majority of four servers is three (section 5.2)",
            )
        heal(cluster)
        cluster.one(cluster.random_command(), 4, retry=True)
