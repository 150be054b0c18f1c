"""The fate of a message: one identity from send to end, and why one is lost."""

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.world import crash_points
from labrpc.world.events import Call, Reply, Request, Response
from labrpc.world.observer import Observer
from labrpc.world.rpc import Loss

BODY = """
    def boot(self):
        self.replies = []
    def note(self, value):
        return value
    def nap(self, seconds):
        time.sleep(seconds)
        return seconds
    def store(self, value):
        self.persister.save(b"x", None)
        return value
    def ask(self, method, value):
        self.replies.append(self.peers[1].call("Raft." + method, value))
    def look(self):
        return self.replies
"""
WHOLE = ["request_sent", "request_arrived", "reply_sent", "reply_arrived"]


class Fates(Observer):
    """Keeps the fates of messages: (event, copy, why) for each RPC, by its number."""

    def __init__(self):
        self.of = {}
        self.deliveries = []
        self.rpcs = []

    def note(self, event, delivery, why=None):
        self.deliveries.append((event, delivery))
        self.of[delivery.rpc.number].append((event, delivery.copy, why))

    def request_sent(self, now_ns, rpc):
        self.rpcs.append(rpc)
        self.of[rpc.number] = [("request_sent", False, None)]

    def request_arrived(self, now_ns, delivery):
        self.note("request_arrived", delivery)

    def reply_sent(self, now_ns, delivery):
        self.note("reply_sent", delivery)

    def reply_arrived(self, now_ns, delivery):
        self.note("reply_arrived", delivery)

    def lost(self, now_ns, delivery, why):
        self.note("lost", delivery, why)

    def story(self, number=1):
        """Return the events of the one RPC, and why it was lost."""
        return [why or event for event, _, why in self.of[number]]


@pytest.fixture
def fates():
    return Fates()


@pytest.fixture
def world(lab, fates):
    return lab.world(lab.raft(BODY), servers=2, observers=[fates])


def ask(world, method="note", value="x"):
    """Let server 0 call server 1, and do not wait for the reply."""
    world.invoke_then(world.hosts[0], lambda result: None, "ask", method, value)


def test_a_message_that_gets_through(world, fates):
    ask(world)
    world.sleep_ns(SECOND)
    assert fates.of == {1: [(event, False, None) for event in WHOLE]}
    (rpc,) = fates.rpcs
    assert (rpc.caller, rpc.dst, rpc.method) == (world.hosts[0], 1, "Raft.note")
    assert {delivery for _, delivery in fates.deliveries} == {fates.deliveries[0][1]}
    assert fates.deliveries[0][1].rpc is rpc
    assert fates.deliveries[0][1].receiver is world.hosts[1]


def test_its_numbers_are_those_of_the_steps_on_both_sides(lab, fates):
    numbers = []

    class Steps(Observer):
        def stepped(self, now_ns, host, event, actions):
            for frame in (event, *actions):
                if isinstance(frame, (Call, Response)):
                    numbers.append((host.server, frame.call_id))
                elif isinstance(frame, (Request, Reply)):
                    numbers.append((host.server, frame.request_id))

    world = lab.world(lab.raft(BODY), servers=2, observers=[fates, Steps()])
    ask(world)
    ask(world)
    world.sleep_ns(SECOND)
    calls = [(0, rpc.call_id) for rpc in fates.rpcs]
    requests = [(1, delivery.request_id) for _, delivery in fates.deliveries]
    assert set(numbers) == {*calls, *requests}
    assert len(set(numbers)) == 4


def test_an_arrival_is_reported_before_the_step_that_it_brings_about(lab):
    order = []

    class Order(Observer):
        def request_arrived(self, now_ns, delivery):
            order.append("arrived")

        def reply_arrived(self, now_ns, delivery):
            order.append("answered")

        def stepped(self, now_ns, host, event, actions):
            if isinstance(event, (Request, Response)):
                order.append(type(event).__name__)

    world = lab.world(lab.raft(BODY), servers=2, observers=[Order()])
    ask(world)
    world.sleep_ns(SECOND)
    assert order == ["arrived", "Request", "answered", "Response"]


def test_a_paused_server_is_reached_and_handles_it_later(world, fates):
    world.pause(1)
    ask(world)
    world.sleep_ns(SECOND)
    assert fates.story() == WHOLE[:2]
    world.resume(1)
    world.sleep_ns(SECOND)
    assert fates.story() == WHOLE


def test_copies_are_marked_and_have_fates_of_their_own(world, fates):
    world.network_faults().duplicated = 1.0
    ask(world)
    world.sleep_ns(10 * SECOND)
    for copy in (False, True):
        assert [e for e, is_copy, _ in fates.of[1][1:] if is_copy is copy] == WHOLE[1:]
    assert len({delivery.request_id for _, delivery in fates.deliveries}) == 2
    assert len(fates.rpcs) == 1


# Why a message is lost.


def test_a_request_lost_by_chance(world, fates):
    world.network.reliable = False
    for _ in range(100):
        ask(world)
    world.sleep_ns(10 * SECOND)
    lost = [n for n in fates.of if fates.story(n)[-1] == Loss.REQUEST_LOST]
    assert lost
    assert all(fates.story(n) == ["request_sent", Loss.REQUEST_LOST] for n in lost)


def test_a_reply_lost_by_chance(world, fates):
    world.network.reliable = False
    for _ in range(100):
        ask(world)
    world.sleep_ns(10 * SECOND)
    lost = [n for n in fates.of if fates.story(n)[-1] == Loss.REPLY_LOST]
    assert lost
    assert all(fates.story(n) == [*WHOLE[:3], Loss.REPLY_LOST] for n in lost)


def test_requests_lost_on_a_link(world, fates):
    world.network_faults().lost_requests = {(0, 1)}
    ask(world)
    world.sleep_ns(SECOND)
    assert fates.story() == ["request_sent", Loss.REQUEST_LOST]
    assert fates.deliveries[0][1].receiver is None


def test_replies_lost_on_a_link(world, fates):
    world.network_faults().lost_replies = {(1, 0)}
    ask(world)
    world.sleep_ns(SECOND)
    assert fates.story() == [*WHOLE[:3], Loss.REPLY_LOST]


def test_a_link_that_is_cut_when_the_request_is_sent(world, fates):
    world.network.enable(0, 1, False)
    ask(world)
    world.sleep_ns(SECOND)
    assert fates.story() == ["request_sent", Loss.CUT_OFF]


def test_a_link_that_is_cut_before_the_reply(world, fates):
    ask(world, "nap", 0.01)
    world.sleep_ns(5 * MILLISECOND)
    world.network.enable(0, 1, False)
    world.sleep_ns(SECOND)
    assert fates.story() == [*WHOLE[:3], Loss.CUT_OFF]


def test_a_link_that_is_cut_while_the_handler_runs_on(world, fates):
    ask(world, "nap", 1.0)
    world.sleep_ns(5 * MILLISECOND)
    world.network.enable(0, 1, False)
    world.sleep_ns(5 * SECOND)
    # The caller gives up first: the reply that leaves later is no part of the call.
    assert fates.story() == [*WHOLE[:2], Loss.CUT_OFF]


def test_a_receiver_that_is_down(world, fates):
    world.crash(1)
    ask(world)
    world.sleep_ns(SECOND)
    assert fates.story() == ["request_sent", Loss.RECEIVER_DOWN]


def test_a_receiver_that_crashes_before_the_request_arrives(world, fates):
    ask(world)
    world.crash(1)
    world.sleep_ns(SECOND)
    assert fates.story() == ["request_sent", Loss.RECEIVER_CRASHED]


def test_a_receiver_that_crashes_in_the_handler(world, fates):
    ask(world, "nap", 1.0)
    world.sleep_ns(5 * MILLISECOND)
    world.crash(1)
    assert fates.story() == [*WHOLE[:2], Loss.RECEIVER_CRASHED]
    world.sleep_ns(5 * SECOND)
    assert fates.story() == [*WHOLE[:2], Loss.RECEIVER_CRASHED]


def test_a_receiver_that_crashes_at_its_crash_point(world, fates):
    world.hosts[1].crash_point = crash_points.before_reply
    ask(world, "store")
    world.sleep_ns(SECOND)
    assert fates.story() == [*WHOLE[:2], Loss.RECEIVER_CRASHED]


def test_a_receiver_that_is_another_incarnation_when_the_request_arrives(world, fates):
    ask(world)
    world.crash(1)
    world.start(1)
    world.sleep_ns(SECOND)
    assert fates.story() == ["request_sent", Loss.RECEIVER_CRASHED]


def test_a_caller_that_crashes_before_the_reply_is_sent(world, fates):
    ask(world, "nap", 1.0)
    world.sleep_ns(5 * MILLISECOND)
    world.crash(0)
    world.sleep_ns(5 * SECOND)
    assert fates.story() == [*WHOLE[:3], Loss.CALLER_GONE]


def test_a_caller_that_crashes_before_the_reply_arrives(world, fates):
    world.network_faults().slow_ns = {(1, 0): SECOND}
    ask(world)
    world.sleep_ns(100 * MILLISECOND)
    assert fates.story() == WHOLE[:3]
    world.crash(0)
    world.sleep_ns(5 * SECOND)
    assert fates.story() == [*WHOLE[:3], Loss.CALLER_GONE]


def test_both_crash(world, fates):
    ask(world, "nap", 1.0)
    world.sleep_ns(5 * MILLISECOND)
    world.crash(0)
    world.crash(1)
    world.sleep_ns(5 * SECOND)
    assert fates.story() == [*WHOLE[:2], Loss.RECEIVER_CRASHED]


def test_each_message_of_a_wild_run_has_at_most_one_end(lab, fates):
    loop = """
    def boot(self):
        for peer in self.peers:
            threading.Thread(target=self.call, args=(peer,), daemon=True).start()
    def call(self, peer):
        while True:
            peer.call("Raft.nap", 0.02)
            time.sleep(0.01)
    def nap(self, seconds):
        time.sleep(seconds)
        return seconds
    """
    world = lab.world(lab.raft(loop), servers=3, observers=[fates])
    world.network.reliable = False
    faults = world.network_faults()
    faults.duplicated = faults.held = 0.3
    for round_ in range(12):
        world.sleep_ns(200 * MILLISECOND)
        world.crash(round_ % 3)
        world.network.enable(0, 2, round_ % 2 == 0)
        world.sleep_ns(50 * MILLISECOND)
        world.start(round_ % 3)
    ends = {}
    for event, delivery in fates.deliveries:
        if event in ("reply_arrived", "lost"):
            ends[delivery] = ends.get(delivery, 0) + 1
        else:
            assert delivery not in ends
    assert len(ends) > 500
    assert set(ends.values()) == {1}
    reasons = {why for story in fates.of.values() for *_, why in story if why}
    assert reasons == set(Loss)
