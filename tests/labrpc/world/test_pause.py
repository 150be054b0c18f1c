"""A paused server: time goes on without it, and then it gets everything in order."""

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.errors import LabError
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder
from labrpc.world.supervisor import Supervisor

BODY = """
    def boot(self):
        self.heard, self.woke = [], []
    def note(self, value):
        self.heard.append(value)
        return len(self.heard)
    def send(self, count):
        for n in range(count):
            threading.Thread(
                target=self.peers[1].call, args=("Raft.note", n)).start()
            time.sleep(0.1)
    def nap(self, seconds):
        before = time.monotonic()
        time.sleep(seconds)
        self.woke.append(time.monotonic() - before)
        return self.woke[-1]
    def ask(self):
        before = time.monotonic()
        reply = self.peers[1].call("Raft.note", "asked")
        return reply, time.monotonic() - before
    def look(self):
        return self.heard, self.woke
"""


@pytest.fixture
def world(lab):
    return lab.world(lab.raft(BODY), servers=2)


def test_it_gets_everything_afterwards_in_order(world):
    world.pause(1)
    world.invoke_then(world.hosts[0], lambda result: None, "send", 5)
    world.sleep_ns(SECOND)
    world.resume(1)
    assert world.invoke(1, "look")[0] == [0, 1, 2, 3, 4]
    assert world.network.received[1] == 5


def test_what_it_does_while_paused_is_nothing(world):
    steps = []

    class Steps(Observer):
        def settled(self, now_ns, host, event, actions):
            steps.append(host.server)

    world.observe(Steps())
    world.invoke_then(world.hosts[1], lambda result: None, "nap", 0.1)
    world.pause(1)
    steps.clear()
    world.invoke_then(world.hosts[0], lambda result: None, "send", 3)
    world.sleep_ns(SECOND)
    assert 1 not in steps
    world.resume(1)
    assert steps.count(1) == 4


def test_time_went_on_without_it(world):
    woke = []
    world.invoke_then(world.hosts[1], woke.append, "nap", 0.1)
    world.pause(1)
    world.sleep_ns(3 * SECOND)
    assert woke == []
    world.resume(1)
    assert woke == [pytest.approx(3.0, abs=0.001)]


def test_who_calls_it_waits(world):
    world.pause(1)
    answers = []
    world.invoke_then(world.hosts[0], answers.append, "ask")
    world.sleep_ns(2 * SECOND)
    assert answers == []
    world.resume(1)
    world.sleep_ns(10 * MILLISECOND)
    assert answers == [(1, pytest.approx(2.0, abs=0.01))]


def test_a_crash_while_paused_loses_what_it_would_have_found(world):
    world.pause(1)
    world.invoke_then(world.hosts[0], lambda result: None, "send", 3)
    world.sleep_ns(SECOND)
    world.crash(1)
    world.resume(1)
    world.start(1)
    world.sleep_ns(SECOND)
    assert world.invoke(1, "look")[0] == []


def test_it_may_crash_of_what_it_finds(world):
    world.pause(1)
    world.invoke_then(world.hosts[0], lambda result: None, "send", 3)
    world.sleep_ns(SECOND)
    handled = []

    class CrashAtTheFirst(Supervisor):
        def step_done(self, host, actions):
            if host.server == 1:
                handled.append(1)
                world.crash(1)

    world.supervise(CrashAtTheFirst())
    world.resume(1)
    assert handled == [1]
    assert world.hosts[1] is None


def test_pausing_twice_or_resuming_what_runs_does_nothing(world):
    world.resume(1)
    world.pause(1)
    world.invoke_then(world.hosts[0], lambda result: None, "send", 1)
    world.sleep_ns(SECOND)
    world.pause(1)
    world.resume(1)
    world.resume(1)
    assert world.invoke(1, "look")[0] == [0]


def test_to_wait_for_a_paused_server_is_the_scenarios_fault(world):
    world.pause(1)
    with pytest.raises(LabError, match=r"server 1 was asked, and paused: look\(\)"):
        world.invoke(1, "look")


def test_a_pause_repeats(lab):
    def digest(pause_ns):
        recorder = DigestRecorder()
        world = lab.world(lab.raft(BODY), servers=2, observers=[recorder])
        world.invoke_then(world.hosts[0], lambda result: None, "send", 3)
        world.pause(1)
        world.sleep_ns(pause_ns)
        world.resume(1)
        world.sleep_ns(SECOND)
        return recorder.hexdigest()

    assert digest(SECOND) == digest(SECOND)
    assert digest(SECOND) != digest(SECOND // 2)
