"""A preempted server may publish its new term late."""

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.errors import SubmissionError
from tester import codes
from tester.oracles.report_lag import LAG_NS, true_since_in
from tester.scenario.checks import CheckedCluster

# It saves its term, and publishes it a little later, as if its thread had lost its turn.
PUBLISHES_LATE = """
def set_up(self):
    self.view = 0, False
def get_state(self):
    return self.view
def be(self, term, leads, late_s):
    threading.Timer(0.0001, self.become, (term, leads, late_s)).start()
def become(self, term, leads, late_s):
    self.persister.save(str(term).encode(), b"")
    time.sleep(late_s)
    self.view = term, leads
"""


@pytest.fixture
def open_cluster(dictator):
    """Return a function that boots a cluster of such servers, preempted or not."""
    opened = []

    def make(preempt):
        submission = dictator(PUBLISHES_LATE)
        boxes = InProcessBoxFactory(submission, preempt=preempt)
        cluster = CheckedCluster(
            submission, "own tests", 3, persistence=True, boxes=boxes
        )
        opened.append(cluster)
        cluster.boot()
        cluster.sleep(1)
        return cluster

    yield make
    for cluster in opened:
        cluster.close()


def lead(cluster):
    """Let server 0 lead by the vote of server 1, which publishes its new term later."""
    cluster.world.invoke(1, "be", 1, False, 0.02)
    cluster.world.invoke(0, "be", 1, True, 0.001)
    cluster.sleep(0.005)
    assert cluster.get_state(0) == (1, True)


def test_a_voter_whose_thread_is_preempted_may_publish_its_term_late(open_cluster):
    lead(open_cluster(preempt=True))


def test_a_voter_that_goes_on_until_it_waits_has_published_its_term(open_cluster):
    with pytest.raises(SubmissionError) as raised:
        lead(open_cluster(preempt=False))
    assert raised.value.code is codes.NOT_ELECTED_BY_MAJORITY


def test_a_vote_of_long_before_does_not_count(open_cluster):
    cluster = open_cluster(preempt=True)
    cluster.world.invoke(1, "be", 0, False, 0)
    cluster.sleep(2 * LAG_NS / 1e9)
    assert cluster.get_state(1) == (0, False)
    cluster.world.invoke(0, "be", 1, True, 0)
    cluster.sleep(0.01)
    with pytest.raises(SubmissionError) as raised:
        cluster.get_state(0)
    assert raised.value.code is codes.NOT_ELECTED_BY_MAJORITY


def test_a_report_that_took_long_may_be_of_any_time_before(open_cluster):
    world = open_cluster(preempt=True).world
    true_since = true_since_in(world, preempt=True)
    first = world.steps
    for _ in range(5):
        world.invoke(0, "be", 1, False, 0)
        world.sleep_ns(LAG_NS)
    assert true_since(0, first) == 0
    assert first < true_since(0, world.steps) <= world.steps
    assert true_since_in(world, preempt=False)(0, 7) == 7
