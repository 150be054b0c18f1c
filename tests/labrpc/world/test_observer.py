"""Observers: any number, in order of registration, and none pays for another."""

import pytest

from labrpc.clock import SECOND
from labrpc.world.events import Wake
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder
from labrpc.world.supervisor import Supervisor

BODY = """
    def boot(self):
        self.heard = []
        print("booted")
    def note(self, value):
        self.heard.append(value)
        return value
    def ask(self, value):
        return self.peers[1].call("Raft.note", value)
    def apply(self):
        self.apply_ch.put(ApplyMsg(True, "x", 1))
"""
EVENTS = [name for name in vars(Observer) if not name.startswith("_")]


class Everything(Observer):
    """Notes each event by name and arguments."""

    def __init__(self, seen=None):
        self.seen = [] if seen is None else seen


def note(name):
    return lambda self, *args: self.seen.append((name, *args))


for event in EVENTS:
    setattr(Everything, event, note(event))


@pytest.fixture
def world(lab):
    return lab.world(lab.raft(BODY), servers=2)


def names(observer):
    return [name for name, *_ in observer.seen]


def test_several_observers_see_the_same(world):
    first, second = Everything(), Everything()
    world.observe(first)
    world.observe(second)
    world.invoke(0, "ask", "x")
    world.pause(1)
    world.resume(1)
    world.crash(1)
    assert first.seen == second.seen
    assert set(names(first)) >= {"stepped", "settled", "reply_arrived", "crashed"}


def test_observers_are_called_in_the_order_of_their_registration(world):
    order = []

    class Named(Observer):
        def __init__(self, name):
            self.name = name

        def controlled(self, now_ns, verb, args):
            order.append(self.name)

    for name in ("c", "a", "b"):
        world.observe(Named(name))
    world.control("anything")
    assert order == ["c", "a", "b"]


def test_a_method_that_is_not_overridden_is_never_called(world, monkeypatch):
    class Prints(Observer):
        lines = ()

        def printed(self, now_ns, server, line):
            self.lines += ((server, line),)

    def called(self, *args):
        pytest.fail("an event was reported that no observer wants")

    for event in EVENTS:
        monkeypatch.setattr(Observer, event, called)
    prints = Prints()
    world.observe(prints)
    world.invoke(0, "ask", "x")
    world.crash(1)
    world.start(1)
    assert prints.lines == ((1, "booted"),)
    assert world.network.reports is None


def test_messages_are_followed_only_while_someone_observes_them(world):
    class Losses(Observer):
        def lost(self, now_ns, delivery, why):
            pass

    losses = Losses()
    world.observe(losses)
    assert world.network.reports is not None
    world.unobserve(losses)
    assert world.network.reports is None


def test_an_observer_that_is_taken_out_sees_no_more(world):
    kept, removed = Everything(), Everything()
    world.observe(removed)
    world.observe(kept)
    world.control("first")
    world.unobserve(removed)
    world.control("second")
    assert [args[1] for _, *args in removed.seen] == ["first"]
    assert [args[1] for _, *args in kept.seen] == ["first", "second"]


def test_an_observer_changes_no_run(lab):
    path = lab.write(lab.raft(BODY))

    def digest(*others):
        recorder = DigestRecorder()
        world = lab.world(path, servers=2, observers=[*others, recorder])
        world.network.reliable = False
        for value in range(30):
            world.invoke_then(world.hosts[0], lambda result: None, "ask", value)
        world.sleep_ns(SECOND)
        world.crash(1)
        world.sleep_ns(SECOND)
        return recorder.hexdigest()

    assert digest(Everything()) == digest()


def test_a_step_is_reported_before_its_effects_and_settled_after_them(lab, world):
    seen = []

    class Steps(Observer):
        def stepped(self, now_ns, host, event, actions):
            seen.append("stepped")

        def settled(self, now_ns, host, event, actions):
            seen.append("settled")

    class Takes(Supervisor):
        def take(self, world, host, put_id, message):
            seen.append("taken")

        def step_done(self, host, actions):
            seen.append("supervised")

    world.observe(Steps())
    world.supervise(Takes())
    world.invoke_then(world.hosts[0], lambda result: None, "apply")
    assert seen == ["stepped", "taken", "settled", "supervised"]
    # The supervisor acts on what a server did: here it did nothing.
    world.step(world.hosts[0], Wake())
    assert seen[4:] == ["stepped", "settled"]


def test_the_life_of_an_incarnation_is_reported(lab):
    everything = Everything()
    world = lab.world(lab.raft(BODY), observers=[everything])
    world.pause(0)
    world.sleep_ns(SECOND)
    world.resume(0)
    world.crash(0)
    world.start(0)
    life = [
        (name, args[0] >= SECOND, args[1].server, args[1].incarnation)
        for name, *args in everything.seen
        if name in ("started", "paused", "resumed", "crashed")
    ]
    assert life == [
        ("started", False, 0, 1),
        ("paused", False, 0, 1),
        ("resumed", True, 0, 1),
        ("crashed", True, 0, 1),
        ("started", True, 0, 2),
    ]
    verbs = [args[1] for name, *args in everything.seen if name == "controlled"]
    assert verbs == ["start", "pause", "resume", "crash", "start"]


def test_the_end_of_a_run_is_no_crash(lab):
    everything = Everything()
    world = lab.world(lab.raft(BODY), observers=[everything])
    world.close()
    assert "crashed" not in names(everything)
