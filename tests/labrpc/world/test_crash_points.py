"""Crash points: of what a step did, what is on the disk and what has left."""

import pytest

from labrpc.clock import SECOND
from labrpc.world import crash_points
from labrpc.world.events import Persist
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder
from labrpc.world.supervisor import Supervisor

# A handler writes twice, answers and tells two others, all in one step.
STORE = """
    def boot(self):
        self.heard = []
    def note(self, value):
        self.heard.append(value)
    def tell(self, value):
        for peer in (0, 2):
            threading.Thread(
                target=self.peers[peer].call, args=("Raft.note", value)).start()
    def store(self, value):
        self.persister.save(b"first", None)
        self.tell(value)
        self.persister.save(b"second", None)
        return "stored"
    def write(self, value):
        self.persister.save(value.encode(), None)
        return "written"
    def answer(self, value):
        return "answered"
    def spread(self, value):
        self.tell(value)
        return "spread"
    def ask(self, method, value):
        return self.peers[1].call("Raft." + method, value)
    def seen(self):
        return self.heard
"""


@pytest.fixture
def world(lab):
    return lab.world(lab.raft(STORE), servers=3)


def ask(world, point, method, value="x"):
    """Let server 0 call server 1, which is to die; return reply, disk, who was told."""
    world.hosts[1].crash_point = point
    reply = world.invoke(0, "ask", method, value)
    world.sleep_ns(SECOND)
    told = [server for server in (0, 2) if world.invoke(server, "seen")]
    return reply, world.disks[1].raft_state, told


def is_up(world):
    return world.hosts[1] is not None


@pytest.mark.parametrize(
    ("point", "method", "reply", "disk"),
    [
        (crash_points.before_persist, "write", None, b""),
        (crash_points.after_persist, "write", None, b"x"),
        (crash_points.before_reply, "write", None, b"x"),
        (crash_points.before_reply, "answer", None, b""),
        (crash_points.after_reply, "write", "written", b"x"),
        (crash_points.after_reply, "answer", "answered", b""),
    ],
)
def test_it_dies_at_the_point(world, point, method, reply, disk):
    assert ask(world, point, method) == (reply, disk, [])
    assert not is_up(world)


@pytest.mark.parametrize(
    ("point", "method", "reply"),
    [
        (crash_points.before_persist, "answer", "answered"),
        (crash_points.after_persist, "spread", "spread"),
        (crash_points.after_call, "write", "written"),
    ],
)
def test_it_lives_on_while_the_point_is_not_reached(world, point, method, reply):
    assert ask(world, point, method)[0] == reply
    assert is_up(world)
    # It is still armed.
    later = {"answer": "write", "spread": "write", "write": "spread"}[method]
    ask(world, point, later)
    assert not is_up(world)


def test_of_two_rpcs_one_leaves(world):
    _, _, told = ask(world, crash_points.after_call, "spread")
    assert len(told) == 1
    assert not is_up(world)


def test_of_two_saves_one_is_on_the_disk(world):
    reply, disk, told = ask(world, crash_points.after_persist, "store")
    assert (reply, disk, told) == (None, b"first", [])


def test_what_follows_a_reply_does_not_leave(world):
    # The threads that tell the others have their turn when the handler has returned.
    reply, disk, told = ask(world, crash_points.after_reply, "store")
    assert (reply, disk, told) == ("stored", b"second", [])


def test_the_next_incarnation_finds_what_was_written_before_the_point(world):
    ask(world, crash_points.after_persist, "write", "vote")
    world.start(1)
    assert world.disks[1].raft_state == b"vote"
    # The point has died with the incarnation.
    assert ask(world, world.hosts[1].crash_point, "write", "next")[0] == "written"


def test_observers_see_only_the_actions_that_got_out(world):
    stepped, settled = [], []

    class Steps(Observer):
        def stepped(self, now_ns, host, event, actions):
            stepped.append((host.server, [type(action) for action in actions]))

        def settled(self, now_ns, host, event, actions):
            settled.append(host.server)

    world.observe(Steps())
    world.hosts[1].crash_point = crash_points.before_reply
    world.invoke(0, "ask", "write", "x")
    assert (1, [Persist]) in stepped
    assert 1 not in settled


def test_who_arms_a_point_decides_how_it_dies(world):
    reached = []

    class CutOff(Supervisor):
        def crash_point_reached(self, supervised, host):
            reached.append((host.server, world.disks[1].raft_state))
            supervised.crash(host.server)

    world.supervise(CutOff())
    ask(world, crash_points.after_persist, "write")
    assert reached == [(1, b"x")]


def test_a_crash_at_a_point_is_recorded_and_repeats(lab):
    def digest(point):
        recorder = DigestRecorder()
        world = lab.world(lab.raft(STORE), servers=3, observers=[recorder])
        ask(world, point, "store")
        return recorder.hexdigest()

    points = crash_points.before_reply, crash_points.after_persist
    assert len({digest(point) for point in points}) == 2
    assert digest(points[0]) == digest(points[0])
