"""Part 3A: a replicated state machine on Raft, with a counter as the state machine."""

import pytest

from tester import codes
from tester.scenario.rsm_cluster import RsmCluster
from tester.service_errors import OK, WRONG_LEADER

pytestmark = [pytest.mark.part("3A"), pytest.mark.virtual_time]

# For how long submits may go on after the servers have been shut down.
SHUTDOWN_S_MAX = 11
LIMIT = 1000


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="rsm")
def test_rsm_basic(cluster: RsmCluster) -> None:
    """Requests are answered in the order of the log, and all servers perform them."""
    for number in range(10):
        reply = cluster.increase(3)
        cluster.require(
            reply == number + 1,
            codes.WRONG_REPLY,
            f"request number {number + 1} to add 1 was answered by {reply}",
        )


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="rsm")
def test_rsm_concurrent(cluster: RsmCluster) -> None:
    """Requests that are submitted at the same time each get the reply to their own."""
    submits = cluster.submit_all(50, 1, cluster.leader())
    cluster.end_all(submits, 2, since="they were called")
    cluster.require_replies(submits, 1)
    cluster.check_counters(50, 3)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="rsm")
def test_rsm_leader_failure(cluster: RsmCluster) -> None:
    """A majority goes on without the leader, which catches up when it returns."""
    cluster.increase(3)
    leader = cluster.leader()
    cluster.disconnect(leader)
    cluster.increase(2)
    cluster.connect(leader)
    cluster.increase(3)


@pytest.mark.points(4)
@pytest.mark.cluster(servers=3, service="rsm")
def test_rsm_leader_partition(cluster: RsmCluster) -> None:
    """A leader without a majority answers nothing until it learns that it lost."""
    cluster.increase(3)
    leader = cluster.leader()
    cluster.disconnect(leader)
    submits = cluster.submit_all(100, -1, leader)
    cluster.sleep(0.010)
    number = cluster.increase(2)
    cluster.sleep(1)
    cluster.require_no_ok(submits, leader)
    cluster.connect(leader)
    cluster.end_all(submits, 1, since="the server was connected again")
    cluster.require(
        submits.succeeded() == 0,
        codes.WRONG_REPLY,
        f"{submits.succeeded()} submits of server {leader} returned {OK!r}, but the "
        "entries of their requests have been replaced",
        "another operation at the index means that the request was lost: return "
        f"{WRONG_LEADER!r}",
    )
    cluster.check_counters(number, 3)
    cluster.increase(3)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="rsm")
def test_rsm_restart_replay(cluster: RsmCluster) -> None:
    """Servers that restart perform the whole log again."""
    _restart_after_100(cluster)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, service="rsm")
def test_rsm_shutdown(cluster: RsmCluster) -> None:
    """Requests that wait are answered when their server shuts down."""
    _shut_down_with_requests(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, service="rsm")
def test_rsm_restart_submit(cluster: RsmCluster) -> None:
    """Servers that shut down in the middle of requests go on after a restart."""
    number = _restart_after_100(cluster)
    _shut_down_with_requests(cluster)
    cluster.restart(*cluster.servers)
    cluster.require(
        cluster.increase(3) == number + 1,
        codes.WRONG_REPLY,
        f"the counter was {number} before the restart, and is not {number + 1} after "
        "the next request to add 1",
    )


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, service="rsm", max_raft_state=LIMIT)
def test_rsm_snapshot(cluster: RsmCluster) -> None:
    """Snapshots keep the log short, and servers restart from them."""
    for _ in range(100):
        cluster.increase(3)
    cluster.check_log_size(2)
    cluster.restart(*cluster.servers)
    reply = cluster.increase(3)
    cluster.require(
        reply == 101,
        codes.WRONG_REPLY,
        f"after adding 1 a hundred times and a restart from snapshots, the next reply is {reply}",
        "restore the state machine from persister.read_snapshot() in the constructor",
    )


def _restart_after_100(cluster: RsmCluster) -> int:
    """Restart all servers after 100 requests; return the reply to one more."""
    for _ in range(100):
        cluster.increase(3)
    cluster.crash(*cluster.servers)
    cluster.sleep(1)
    cluster.restart(*cluster.servers)
    reply = cluster.increase(3)
    cluster.require(
        reply == 101,
        codes.WRONG_REPLY,
        f"after adding 1 a hundred times and a restart, the next reply is {reply}",
        "a server that restarts without a snapshot performs the log from index 1 on",
    )
    cluster.sleep(1)
    cluster.check_counters(101, 3)
    return reply


def _shut_down_with_requests(cluster: RsmCluster) -> None:
    """Shut all servers down while many requests are under way."""
    submits = cluster.submit_all(100, 0, cluster.leader())
    cluster.sleep(0.001)
    cluster.kill(*cluster.servers)
    cluster.end_all(submits, SHUTDOWN_S_MAX, since="kill(), which has to answer them")
    cluster.crash(*cluster.servers)
