"""What is certain of a world at one moment."""

import pytest

from labrpc.world.events import Call, Persist, Result, Taken
from labrpc.world.foresight import called_another
from labrpc.world.host import Host
from labrpc.world.world import World

VOTE, APPEND = Call(1, 0, "vote", b""), Call(2, 0, "append", b"")


class Box:
    """Notes until when the world is quiet, at each step."""

    def __init__(self):
        self.world = None
        self.quiet = []

    def step(self, now_ns, event):
        self.quiet.append((now_ns, self.world.quiet_until_ns))
        return [], None

    def crash(self):
        pass


@pytest.fixture
def box():
    return Box()


@pytest.fixture
def world(box):
    box.world = world = World(1, "seed", lambda server, incarnation: box)
    world.hosts[0] = host = Host(0, 1, box)
    yield world, host
    world.close()


def test_a_world_is_quiet_until_the_next_event_or_the_scenario_goes_on(world, box):
    world, host = world
    world.post(10, host, Taken(1))
    world.after(20, lambda: world.step(host, Taken(2)))
    world.after(25, lambda: world.deliver(host, Taken(3)))
    world.post(30, host, Taken(4))
    world.sleep_ns(100)
    world.step(host, Taken(5))
    assert box.quiet == [(10, 20), (20, 0), (25, 30), (30, 100), (100, 0)]


def test_a_server_may_call_another_method_or_answer_before():
    assert called_another([VOTE], "vote") == (False, "vote")
    assert called_another([VOTE, APPEND, VOTE], "vote") == (True, "vote")
    assert called_another([Persist(b"", b"")], "") == (False, "")
    assert called_another([VOTE, Result(1, 0), APPEND], "") == (None, "vote")
