"""Equivalents of MIT's tests of its emulator, through servers that call."""

from functools import partial

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.errors import SubmissionError

HEAD = """
from dataclasses import dataclass

@dataclass
class Pair:
    left: int
    right: str
"""
BODY = """
    def boot(self):
        self.served, self.answers = [], []
    def text_of(self, number):
        self.served.append(number)
        return f"handler-{number}"
    def number_of(self, text):
        self.served.append(text)
        return int(text)
    def swap(self, pair):
        return Pair(int(pair.right), str(pair.left))
    def size(self, text):
        return len(text)
    def long(self, count):
        return "y" * count
    def slow(self, seconds):
        time.sleep(seconds)
        self.served.append("slow")
        return "done"
    def fail(self, _):
        raise KeyError("in the handler")
    def _private(self, _):
        pass
    def call(self, peer, method, args):
        return self.peers[peer].call("Raft." + method, args)
    def call_pair(self, peer):
        reply = self.call(peer, "swap", Pair(1, "2"))
        return type(reply) is Pair, reply.left, reply.right
    def repeat(self, peer, method, args, times):
        return [self.call(peer, method, args) for _ in range(times)]
    def together(self, peer, times):
        def one(n):
            self.answers.append((n, self.call(peer, "text_of", n)))
        for n in range(times):
            threading.Thread(target=one, args=(n,)).start()
    def look(self):
        return self.answers
    def seen(self):
        return self.served
"""


@pytest.fixture
def world(lab):
    return lab.world(lab.raft(BODY, HEAD), servers=3)


def test_basic_calls_are_answered(world):
    assert world.invoke(0, "call", 1, "text_of", 111) == "handler-111"
    assert world.invoke(0, "call", 1, "number_of", "9099") == 9099
    assert world.invoke(0, "call", 0, "number_of", "7") == 7


def test_objects_arrive_as_the_receivers_own_types(world):
    assert world.invoke(0, "call_pair", 1) == (True, 2, "1")


def test_disconnected_calls_fail_and_connected_ones_work(world):
    world.network.enable(0, 1, False)
    assert world.invoke(0, "call", 1, "number_of", "1") is None
    assert world.invoke(1, "seen") == []
    world.network.enable(0, 1)
    assert world.invoke(0, "call", 1, "number_of", "1") == 1


def test_requests_are_counted_per_server_and_in_total(world):
    world.invoke(0, "repeat", 1, "text_of", 1, 17)
    assert world.network.received == [0, 17, 0]
    assert world.network.calls == 17
    world.network.enable(0, 2, False)
    world.invoke(0, "call", 2, "text_of", 1)
    assert world.network.received == [0, 17, 0]
    assert world.network.calls == 18


def test_counts_begin_again_with_an_incarnation(world):
    world.invoke(0, "repeat", 1, "text_of", 1, 3)
    world.crash(1)
    world.start(1)
    assert world.network.received == [0, 0, 0]
    world.invoke(0, "call", 1, "text_of", 1)
    assert world.network.received == [0, 1, 0]


def test_bytes_of_requests_and_replies_are_counted(world):
    world.invoke(0, "repeat", 1, "size", "x" * 284, 17)
    first = world.network.bytes
    assert 4828 <= first <= 6000
    assert 4828 <= world.network.sent_bytes[0] < first
    world.invoke(0, "repeat", 1, "long", 107, 17)
    assert 1800 <= world.network.bytes - first <= 2500


def test_bytes_of_a_lost_request_count_and_of_a_lost_reply_do_not(world):
    world.network.enable(0, 1, False)
    world.invoke(0, "call", 1, "size", "x" * 500)
    assert 500 <= world.network.bytes <= 520
    world.network.enable(0, 1)
    host = world.hosts[0]
    world.invoke_then(host, lambda value: None, "call", 1, "long", 5000)
    world.network.enable(0, 1, False)
    world.sleep_ns(SECOND)
    assert world.network.bytes < 600


def test_many_servers_call_concurrently(lab):
    world = lab.world(lab.raft(BODY, HEAD), servers=20)
    for server in range(1, 20):
        world.invoke(server, "together", 0, 10)
    world.sleep_ns(SECOND)
    for server in range(1, 20):
        answers = world.invoke(server, "look")
        assert sorted(answers) == [(n, f"handler-{n}") for n in range(10)]
    assert world.network.received[0] == 190


def test_one_server_calls_concurrently_and_answers_find_their_callers(world):
    world.invoke(0, "together", 1, 20)
    world.sleep_ns(SECOND)
    answers = world.invoke(0, "look")
    assert sorted(answers) == [(n, f"handler-{n}") for n in range(20)]
    assert sorted(world.invoke(1, "seen")) == list(range(20))
    assert world.invoke(1, "seen") != list(range(20))
    assert world.network.received == [0, 20, 0]


def test_unreliable_calls_fail_at_times_and_never_lie(world):
    world.network.reliable = False
    world.invoke(0, "together", 1, 300)
    world.sleep_ns(SECOND)
    answers = world.invoke(0, "look")
    assert len(answers) == 300
    right = [n for n, reply in answers if reply == f"handler-{n}"]
    lost = [n for n, reply in answers if reply is None]
    assert len(right) + len(lost) == 300
    assert 210 < len(right) < 275
    executed = world.invoke(1, "seen")
    assert set(right) < set(executed)
    assert len(executed) == len(set(executed)) == world.network.received[1]


def test_calls_into_a_cut_do_not_delay_those_after_it(world):
    world.network.long_delays = True
    world.network.enable(0, 1, False)
    world.invoke(0, "together", 1, 20)
    world.sleep_ns(100 * MILLISECOND)
    world.network.enable(0, 1)
    before_ns = world.now_ns
    assert world.invoke(0, "call", 1, "text_of", 99) == "handler-99"
    assert world.now_ns - before_ns < 30 * MILLISECOND
    assert world.invoke(1, "seen") == [99]
    assert world.network.received[1] == 1
    world.sleep_ns(7 * SECOND)
    assert sorted(world.invoke(0, "look")) == [(n, None) for n in range(20)]


def test_a_call_to_a_server_that_is_killed_meanwhile_fails_soon(world):
    answers = []
    world.invoke_then(world.hosts[0], answers.append, "call", 1, "slow", 20)
    world.sleep_ns(1100 * MILLISECOND)
    assert answers == []
    world.crash(1)
    world.sleep_ns(101 * MILLISECOND)
    assert answers == [None]


def test_the_handler_runs_on_when_its_caller_is_cut_off(world):
    answers = []
    world.invoke_then(world.hosts[0], answers.append, "call", 1, "slow", 0.5)
    world.sleep_ns(200 * MILLISECOND)
    world.network.enable(0, 1, False)
    world.sleep_ns(SECOND)
    assert answers == [None]
    assert world.invoke(1, "seen") == ["slow"]


def test_a_crashed_caller_is_not_answered_in_its_next_life(world):
    world.invoke_then(world.hosts[0], lambda value: None, "together", 1, 5)
    world.crash(0)
    world.start(0)
    world.sleep_ns(SECOND)
    assert world.invoke(0, "look") == []


def test_calls_take_a_small_random_time(world):
    taken = set()
    for _ in range(10):
        ended_ns = []
        before_ns = world.now_ns
        note = partial(noted, ended_ns, world)
        world.invoke_then(world.hosts[0], note, "call", 1, "size", "")
        world.sleep_ns(20 * MILLISECOND)
        taken.add(ended_ns[0] - before_ns)
    assert len(taken) == 10
    assert min(taken) > 0
    assert max(taken) <= 10 * MILLISECOND


def noted(ended_ns, world, value):
    assert value == 0
    ended_ns.append(world.now_ns)


def told(world, *call):
    with pytest.raises(SubmissionError) as error:
        world.invoke(0, "call", *call)
    return f"{error.value.code.name}: {error.value}"


def test_a_call_to_an_unknown_method_lists_the_known_ones(world):
    text = told(world, 1, "sise", "x")
    assert text.startswith("no-such-method: ")
    assert "server 1: " in text
    assert "server 0 called 'Raft.sise'" in text
    assert "no method 'sise'" in text
    assert "it has boot, call, call_pair, fail, long, look, number_of" in text
    for not_a_method in ("served", "apply_ch", "_private"):
        assert not_a_method not in text


def test_an_exception_in_a_handler_names_both_servers_and_the_line(world):
    text = told(world, 2, "fail", "x")
    assert "server 2: KeyError: 'in the handler' (raft.py:" in text
    assert "in the RPC handler fail, called by server 0" in text
    assert 'raise KeyError("in the handler")' in text


def test_what_cannot_be_sent_blames_the_sender(lab):
    body = "def send(self): self.peers[1].call('Raft.f', lambda: None)"
    world = lab.world(lab.raft(body), servers=2)
    with pytest.raises(
        SubmissionError, match="server 0: TypeError: cannot send a func"
    ):
        world.invoke(0, "send")


@pytest.mark.parametrize("method", ["5", "None", "self.send", "b'Raft.f'"])
def test_a_method_that_is_no_text_blames_the_caller(lab, method):
    body = f"def send(self): self.peers[1].call({method}, 1)"
    world = lab.world(lab.raft(body), servers=2)
    with pytest.raises(SubmissionError, match="server 0: TypeError"):
        world.invoke(0, "send")
