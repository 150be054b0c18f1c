"""6.824's rules of loss and delay, as statistics at fixed seeds."""

import heapq
import itertools
import math

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.world.events import Call, Reply, Request, Response
from labrpc.world.network import TRANSIT_NS_MAX, TRANSIT_NS_MIN, Network
from labrpc.world.streams import stream

TRIALS = 6000


class Node:
    def __init__(self, server):
        self.server, self.up, self.inbox = server, True, []


class Clockwork:
    """Delivers what is posted, in order of time."""

    def __init__(self):
        self.now_ns, self.heap, self.serial = 0, [], itertools.count()

    def post(self, delay_ns, node, event):
        assert delay_ns >= 0
        item = (self.now_ns + delay_ns, next(self.serial), node, event)
        heapq.heappush(self.heap, item)

    def after(self, delay_ns, callback):
        self.post(delay_ns, None, callback)

    def run(self, until_ns=10**18):
        while self.heap and self.heap[0][0] <= until_ns:
            self.now_ns, _, node, event = heapq.heappop(self.heap)
            if node is None:
                event()
            elif node.up:
                node.inbox.append((self.now_ns, event))
        self.now_ns = max(self.now_ns, min(until_ns, 10**17))


class Pair:
    """Server 0 calls server 1 over one network."""

    def __init__(self, seed="seed", **flags):
        self.clock = Clockwork()
        self.network = Network(2, stream(seed, "network"), self.clock)
        self.nodes = [Node(0), Node(1)]
        for node in self.nodes:
            self.network.add(node)
            for other in range(2):
                self.network.enable(node.server, other)
        for name, value in flags.items():
            setattr(self.network, name, value)
        self.calls = 0

    def call(self, times=1):
        for _ in range(times):
            self.calls += 1
            self.network.send(self.nodes[0], Call(self.calls, 1, "Raft.f", b"args"))

    def requests(self):
        return [(at, e) for at, e in self.nodes[1].inbox if isinstance(e, Request)]

    def responses(self):
        return [(at, e) for at, e in self.nodes[0].inbox if isinstance(e, Response)]

    def answer(self, data=b"reply", by=None):
        """Let every handler that has been reached return, now."""
        for _, request in self.requests():
            self.network.reply(by or self.nodes[1], Reply(request.request_id, data))
        self.nodes[1].inbox.clear()

    def cycles(self, times=TRIALS):
        """Make calls one after the other; return (executed, answer, milliseconds)."""
        results = []
        for _ in range(times):
            sent_ns = self.clock.now_ns
            self.call()
            self.clock.run()
            arrived = self.requests()
            replied_ns = self.clock.now_ns = arrived[0][0] if arrived else sent_ns
            self.answer()
            self.clock.run()
            ((at_ns, response),) = self.responses()
            self.nodes[0].inbox.clear()
            request_ms = (replied_ns - sent_ns) / MILLISECOND
            reply_ms = (at_ns - replied_ns) / MILLISECOND
            results.append((bool(arrived), response.data, request_ms, reply_ms))
            self.clock.now_ns = at_ns
        return results


def assert_share(count, total, probability):
    """Fail if `count` is more than four standard deviations off."""
    spread = 4 * math.sqrt(total * probability * (1 - probability))
    assert abs(count - total * probability) <= spread, (count, total, probability)


def assert_uniform(values, low, high):
    """Fail unless whole numbers of [low, high] come about equally often."""
    assert low <= min(values)
    assert max(values) <= high
    width = (high - low + 1) / 10
    buckets = [0] * 10
    for value in values:
        buckets[int((value - low) / width)] += 1
    for i, count in enumerate(buckets):
        first, last = math.ceil(low + i * width), math.ceil(low + (i + 1) * width)
        assert_share(count, len(values), (last - first) / (high - low + 1))


TRANSIT_MS_MAX = TRANSIT_NS_MAX / MILLISECOND
whole_ms = math.floor


def test_reliable_calls_all_arrive_after_a_small_random_time():
    results = Pair().cycles(500)
    assert all(executed and data == b"reply" for executed, data, _, _ in results)
    for i in (2, 3):
        taken = [result[i] for result in results]
        assert min(taken) >= TRANSIT_NS_MIN / MILLISECOND > 0
        assert max(taken) <= TRANSIT_MS_MAX <= 5
        assert len(set(taken)) > 450
        assert max(taken) > TRANSIT_MS_MAX / 2


def test_reliable_calls_may_overtake_each_other():
    pair = Pair()
    pair.call(50)
    pair.clock.run()
    order = [request.request_id for _, request in pair.requests()]
    assert sorted(order) == list(range(1, 51))
    assert order != sorted(order)


@pytest.mark.unmeasured
def test_unreliable_loses_a_tenth_of_requests_and_of_replies():
    results = Pair(reliable=False).cycles()
    executed = [result for result in results if result[0]]
    answered = [result for result in executed if result[1] is not None]
    assert_share(len(executed), TRIALS, 0.9)
    assert_share(len(answered), len(executed), 0.9)
    assert not [r for r in results if not r[0] and r[1] is not None]


def test_unreliable_holds_requests_up_to_26_ms():
    pair = Pair(reliable=False)
    pair.call(TRIALS)
    pair.clock.run()
    held = [at / MILLISECOND for at, _ in pair.requests()]
    assert 26 <= max(held) <= 26 + TRANSIT_MS_MAX
    assert abs(sum(held) / len(held) - 13 - TRANSIT_MS_MAX / 2) < 0.5
    assert_share(sum(ms < 9 + TRANSIT_MS_MAX / 2 for ms in held), len(held), 9 / 27)


@pytest.mark.unmeasured
def test_a_lost_request_fails_within_its_delay():
    lost = [r for r in Pair(reliable=False).cycles() if not r[0]]
    assert lost
    assert all(reply_ms <= 26 + TRANSIT_MS_MAX for _, _, _, reply_ms in lost)


@pytest.mark.unmeasured
def test_long_reordering_holds_two_replies_of_three():
    results = Pair(long_reordering=True).cycles()
    taken = [reply_ms for _, _, _, reply_ms in results]
    held = [ms for ms in taken if ms > TRANSIT_MS_MAX]
    assert_share(len(held), TRIALS, 2 / 3)
    assert min(held) >= 200
    assert 2000 < max(held) <= 2199 + TRANSIT_MS_MAX
    assert abs(sum(held) / len(held) - 700) < 30
    assert abs(sorted(held)[len(held) // 2] - 573) < 40
    assert 0.12 < sum(ms > 1200 for ms in held) / len(held) < 0.18


def test_a_reply_held_back_arrives_whatever_happens_to_the_link():
    pair = Pair(long_reordering=True)
    pair.call(60)
    pair.clock.run()
    pair.answer()
    pair.clock.run(pair.clock.now_ns + 100 * MILLISECOND)
    soon = len(pair.responses())
    pair.network.enable(0, 1, False)
    pair.nodes[1].up = False
    pair.network.remove(pair.nodes[1])
    pair.clock.run()
    assert soon < 40
    assert [e.data for _, e in pair.responses()] == [b"reply"] * 60


@pytest.mark.unmeasured
@pytest.mark.parametrize(("long_delays", "most_ms"), [(False, 99), (True, 6999)])
@pytest.mark.parametrize("how", ["cut off", "down", "never there"])
def test_a_dead_server_fails_calls_after_a_uniform_delay(how, long_delays, most_ms):
    pair = Pair(long_delays=long_delays)
    if how == "cut off":
        pair.network.enable(0, 1, False)
    else:
        pair.network.remove(pair.nodes[1])
    target = 1 if how != "never there" else 7
    for _ in range(TRIALS):
        pair.calls += 1
        pair.network.send(pair.nodes[0], Call(pair.calls, target, "Raft.f", b""))
    pair.clock.run()
    assert pair.requests() == []
    responses = pair.responses()
    assert [e.data for _, e in responses] == [None] * TRIALS
    assert_uniform([whole_ms(at / MILLISECOND) for at, _ in responses], 0, most_ms)


def test_links_are_one_way():
    pair = Pair()
    pair.network.enable(1, 0, False)
    ((executed, data, _, _),) = pair.cycles(1)
    assert (executed, data) == (True, b"reply")
    pair.network.enable(1, 0)
    pair.network.enable(0, 1, False)
    ((executed, data, _, _),) = pair.cycles(1)
    assert (executed, data) == (False, None)
    assert pair.network.is_enabled(1, 0)
    assert not pair.network.is_enabled(0, 1)


def reached():
    pair = Pair()
    pair.call()
    pair.clock.run()
    ((at_ns, _),) = pair.requests()
    pair.clock.now_ns = at_ns
    return pair, at_ns


@pytest.mark.parametrize("later_ms", [0, 1, 99, 101, 250])
@pytest.mark.parametrize("how", ["link cut", "crashed"])
def test_a_call_under_way_notices_at_the_next_tenth_of_a_second(how, later_ms):
    pair, delivered_ns = reached()
    pair.clock.run(delivered_ns + later_ms * MILLISECOND)
    if how == "link cut":
        pair.network.enable(0, 1, False)
    else:
        pair.nodes[1].up = False
        pair.network.remove(pair.nodes[1])
    pair.clock.run()
    ((at_ns, response),) = pair.responses()
    assert response.data is None
    looks = later_ms // 100 + 1
    assert at_ns == delivered_ns + looks * 100 * MILLISECOND


def test_a_call_under_way_survives_a_cut_that_is_mended_before_it_looks():
    pair, delivered_ns = reached()
    pair.network.enable(0, 1, False)
    pair.clock.run(delivered_ns + 50 * MILLISECOND)
    pair.network.enable(0, 1)
    pair.clock.run(delivered_ns + 350 * MILLISECOND)
    assert pair.responses() == []
    pair.answer()
    pair.clock.run()
    assert [e.data for _, e in pair.responses()] == [b"reply"]


def test_a_reply_is_not_delivered_over_a_link_cut_meanwhile():
    pair, _ = reached()
    pair.network.enable(0, 1, False)
    pair.answer()
    now_ns = pair.clock.now_ns
    pair.clock.run()
    assert [(at, e.data) for at, e in pair.responses()] == [(now_ns, None)]


def test_the_reply_of_a_replaced_incarnation_is_not_delivered():
    pair, _ = reached()
    old = pair.nodes[1]
    old.up = False
    pair.network.remove(old)
    new = pair.nodes[1] = Node(1)
    pair.network.add(new)
    new.inbox, old.inbox = old.inbox, []
    pair.answer(by=old)
    pair.clock.run()
    assert [e.data for _, e in pair.responses()] == [None]


def test_a_caller_that_crashed_hears_nothing():
    pair, _ = reached()
    pair.nodes[0].up = False
    pair.network.remove(pair.nodes[0])
    pair.answer()
    pair.clock.run(10 * SECOND)
    assert pair.responses() == []


@pytest.mark.parametrize("other", ["reliable", "long_reordering", "long_delays", "cut"])
def test_a_draw_is_made_whether_or_not_it_is_used(other):
    def later_calls(flag):
        pair = Pair()
        if flag == "cut":
            pair.network.enable(0, 1, False)
        elif flag:
            setattr(pair.network, flag, flag != "reliable")
        pair.call(20)
        pair.clock.run()
        # The same number of replies, whatever has become of the requests.
        for request_id in range(1, 21):
            pair.network.reply(pair.nodes[1], Reply(request_id, b""))
        pair.clock.run()
        pair.nodes[0].inbox.clear()
        pair.nodes[1].inbox.clear()
        pair.network.enable(0, 1)
        pair.network.reliable = True
        pair.network.long_delays = pair.network.long_reordering = False
        now_ns = pair.clock.now_ns
        pair.call(20)
        pair.clock.run()
        return [at - now_ns for at, _ in pair.requests()]

    assert later_calls(other) == later_calls(None)
    assert len(later_calls(None)) == 20
