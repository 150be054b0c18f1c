"""Network faults: duplicates, heavy tails, slow links, and losses of one kind of message."""

from random import Random
from statistics import median

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.world.network_faults import HELD_NS_MIN, METHODS_MAX, NetworkFaults
from labrpc.world.recorder import DigestRecorder

ECHO = """
    def boot(self):
        self.served, self.answers = [], []
    def echo(self, value):
        self.served.append((value, time.monotonic()))
        return f"{value}, number {len(self.served)}"
    def call(self, peer, value):
        before = time.monotonic()
        reply = self.peers[peer].call("Raft.echo", value)
        self.answers.append((reply, time.monotonic() - before))
        return reply
    def together(self, peer, times):
        for n in range(times):
            threading.Thread(target=self.call, args=(peer, n)).start()
    def seen(self):
        return self.served
    def got(self):
        return self.answers
"""


@pytest.fixture
def world(lab):
    return lab.world(lab.raft(ECHO), servers=3)


# Duplicates.


def test_a_duplicate_is_executed_again_and_its_late_reply_is_nobodys(world):
    world.network_faults().duplicated = 1.0
    assert world.invoke(0, "call", 1, "x") == "x, number 1"
    assert len(world.invoke(1, "seen")) == 1
    world.sleep_ns(3 * SECOND)
    (first, _), (second, _) = world.invoke(1, "seen")
    assert first == second == "x"
    # The reply to the copy came after the call had ended, and later calls get theirs.
    assert [reply for reply, _ in world.invoke(0, "got")] == ["x, number 1"]
    assert world.invoke(0, "call", 1, "y") == "y, number 3"
    assert world.network.received[1] == 3


def test_a_copy_comes_later_within_bounds(world):
    network_faults = world.network_faults()
    network_faults.duplicated = 1.0
    network_faults.held_ns_max = 50 * MILLISECOND
    world.invoke(0, "call", 1, "x")
    world.sleep_ns(SECOND)
    (_, first), (_, second) = world.invoke(1, "seen")
    assert HELD_NS_MIN / SECOND <= second - first < 0.0501


def test_the_share_of_duplicates_is_as_asked(world):
    world.network_faults().duplicated = 0.25
    world.invoke(0, "together", 1, 400)
    world.sleep_ns(5 * SECOND)
    assert 460 <= len(world.invoke(1, "seen")) <= 540
    assert len(world.invoke(0, "got")) == 400


def test_the_copy_that_reaches_a_crashed_server_is_lost(world):
    network_faults = world.network_faults()
    network_faults.duplicated = 1.0
    world.invoke(0, "call", 1, "x")
    world.crash(1)
    world.start(1)
    world.sleep_ns(3 * SECOND)
    assert world.invoke(1, "seen") == []


# Delays.


def test_held_messages_are_late_by_a_heavy_tail():
    network_faults = NetworkFaults(Random("tail"))
    network_faults.held = 1.0
    delays = sorted(network_faults.delay_ns((0, 1)) for _ in range(20_000))
    assert delays[0] >= HELD_NS_MIN
    assert delays[-1] <= network_faults.held_ns_max
    # A Pareto distribution of exponent 1: half are late by twice the least, a tenth
    # by ten times that, a hundredth by a hundred times.
    assert median(delays) == pytest.approx(2 * HELD_NS_MIN, rel=0.05)
    assert delays[18_000] == pytest.approx(10 * HELD_NS_MIN, rel=0.1)
    assert delays[19_800] == pytest.approx(80 * HELD_NS_MIN, rel=0.25)


def test_the_share_of_held_messages_is_as_asked():
    network_faults = NetworkFaults(Random("share"))
    network_faults.held = 0.1
    held = [network_faults.delay_ns((0, 1)) > 0 for _ in range(10_000)]
    assert 900 <= sum(held) <= 1100


def test_a_link_is_slow_in_one_direction(world):
    world.network_faults().slow_ns = {(0, 1): 300 * MILLISECOND}
    for src, dst in ((0, 1), (1, 0), (0, 2)):
        world.invoke(src, "call", dst, "x")
    ((_, slow), (_, other)) = world.invoke(0, "got")
    ((_, back),) = world.invoke(1, "got")
    # Once each way: the request of one, the reply of the other.
    assert 0.3 <= slow < 0.305
    assert 0.3 <= back < 0.305
    assert other < 0.005


def test_replies_are_slow_and_requests_on_the_same_link_are_not(world):
    world.network_faults().slow_replies_ns = {(1, 0): 300 * MILLISECOND}
    for src, dst in ((0, 1), (1, 0)):
        world.invoke(src, "call", dst, "x")
    ((_, slow),) = world.invoke(0, "got")
    ((_, quick),) = world.invoke(1, "got")
    assert 0.3 <= slow < 0.305
    assert quick < 0.005


# Losses.


def test_lost_requests_do_not_arrive_and_replies_do(world):
    world.network_faults().lost_requests = {(0, 1)}
    assert world.invoke(0, "call", 1, "lost") is None
    assert world.invoke(1, "seen") == []
    # Server 0's reply takes the same link.
    assert world.invoke(1, "call", 0, "x") == "x, number 1"


def test_requests_of_a_lost_method_do_not_arrive(world):
    faults = world.network_faults()
    assert world.invoke(0, "call", 1, "x") == "x, number 1"
    (method,) = faults.methods
    faults.lost_methods = {method}
    assert world.invoke(0, "call", 1, "lost") is None
    assert [value for value, _ in world.invoke(1, "seen")] == ["x"]
    faults.reset()
    assert world.invoke(0, "call", 1, "y") == "y, number 2"


def test_few_methods_are_known(world):
    faults = world.network_faults()
    for number in range(2 * METHODS_MAX):
        assert not faults.loses_request((0, 1), f"Raft.m{number}")
    assert len(faults.methods) == METHODS_MAX


def test_lost_replies_are_executed_and_requests_pass(world):
    world.network_faults().lost_replies = {(1, 0)}
    assert world.invoke(0, "call", 1, "done") is None
    assert [value for value, _ in world.invoke(1, "seen")] == ["done"]
    assert world.invoke(1, "call", 0, "x") == "x, number 1"


def test_a_lost_request_has_no_copy(world):
    network_faults = world.network_faults()
    network_faults.duplicated, network_faults.lost_requests = 1.0, {(0, 1)}
    assert world.invoke(0, "call", 1, "lost") is None
    world.sleep_ns(3 * SECOND)
    assert world.invoke(1, "seen") == []


def test_reset_ends_all_faults(world):
    network_faults = world.network_faults()
    network_faults.duplicated = network_faults.held = 1.0
    network_faults.lost_requests, network_faults.slow_ns = {(0, 1)}, {(0, 1): SECOND}
    network_faults.reset()
    assert world.invoke(0, "call", 1, "x") == "x, number 1"
    world.sleep_ns(3 * SECOND)
    ((_, took),) = world.invoke(0, "got")
    assert took < 0.005
    assert len(world.invoke(1, "seen")) == 1


# Randomness.


def run(lab, set_faults, seed="seed"):
    """Return the digest of an unreliable run, and when requests were first served."""
    recorder = DigestRecorder()
    world = lab.world(lab.raft(ECHO), servers=2, seed=seed, observers=[recorder])
    world.network.reliable = False
    set_faults(world)
    world.invoke(0, "together", 1, 100)
    world.sleep_ns(10 * SECOND)
    first = {}
    for value, time_s in world.invoke(1, "seen"):
        first.setdefault(value, time_s)
    return recorder.hexdigest(), first


def everything(world):
    network_faults = world.network_faults()
    network_faults.duplicated = network_faults.held = 0.3
    network_faults.slow_ns = {(0, 1): 7 * MILLISECOND}


def test_the_same_seed_has_the_same_faults(lab):
    assert run(lab, everything) == run(lab, everything)
    assert run(lab, everything)[0] != run(lab, everything, seed="other")[0]


def test_faults_that_are_off_change_nothing(lab):
    assert run(lab, lambda world: world.network_faults()) == run(
        lab, lambda world: None
    )


def test_faults_leave_the_networks_own_draws_as_they_were(lab):
    def slow(world):
        world.network_faults().slow_ns = {(0, 1): SECOND}

    _, without = run(lab, lambda world: None)
    _, late = run(lab, slow)
    assert len(without) < 100
    assert late.keys() == without.keys()
    for value in without:
        assert late[value] - without[value] == pytest.approx(1.0, abs=0.001)


def test_only_requests_of_some_are_delivered_twice():
    network_faults = NetworkFaults(Random("copies"))
    network_faults.duplicated, network_faults.duplicated_srcs = 1.0, range(2)
    copied = [network_faults.copy_delay_ns(src) is not None for src in (0, 1, 2)]
    assert copied == [True, True, False]
    network_faults.reset()
    assert network_faults.copy_delay_ns(0) is None
