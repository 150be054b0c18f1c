"""What certainly follows a server's steps in a cluster."""

from fractions import Fraction
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from labrpc.world.crash_points import after_reply
from labrpc.world.foresight import NOTHING
from tester.scenario.raft_cluster import TAKES_AHEAD_MAX, RaftCluster
from tester.scenario.state_machine import TAKE_NS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def cluster():
    cluster = RaftCluster(Submission.find(ROOT / "raft"), "0", 3)
    cluster.boot()
    yield cluster
    cluster.close()


@pytest.fixture
def foresight(cluster, monkeypatch):
    host, found = cluster.world.hosts[0], []
    monkeypatch.setattr(host.box, "foresee", found.append, raising=False)
    cluster.foresee(host)
    return found[0]


def test_a_server_is_asked_by_the_number_of_its_next_call(cluster, foresight):
    certain = foresight.certain()
    cluster.get_state(0)
    assert foresight.certain().invoke_id == certain.invoke_id + 1
    # The scenario may do anything.
    assert (certain.until_ns, certain.takes_max) == (0, 0)
    cluster.state_probe.active = False
    assert foresight.certain().invoke_id == 0


def test_messages_are_taken_until_a_snapshot(cluster, foresight):
    assert (foresight.take_ns, cluster.takes_ahead(0)) == (TAKE_NS, TAKES_AHEAD_MAX)
    cluster.set_snapshot_interval(0, 10)
    assert cluster.takes_ahead(0) == 1
    cluster.slow_state_machine(0, 500)
    assert cluster.takes_ahead(0) == 0


@pytest.mark.parametrize("why", ["crash point", "clock", "observer"])
def test_nothing_is_certain_where_a_step_may_be_cut_or_looked_at(
    cluster, foresight, why
):
    if why == "crash point":
        cluster.world.hosts[0].crash_point = after_reply
    elif why == "clock":
        cluster.world.set_clock_rate(0, Fraction(2))
    else:
        cluster.world.looked_into = True
    assert foresight.certain() is NOTHING


def test_nothing_is_foreseen_of_clients(cluster, monkeypatch):
    client = cluster.world.hosts[0]
    monkeypatch.setattr(client.box, "foresee", pytest.fail)
    monkeypatch.setattr(client, "server", 3)
    cluster.foresee(client)
    assert client.server not in cluster.servers
