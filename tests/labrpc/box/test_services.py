"""Servers of several services, the channel within a server, and clients of servers."""

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.errors import SubmissionError
from labrpc.submission.entry import SERVER_PARAMETERS, Entry
from labrpc.submission.submission import Submission
from labrpc.world.observer import Observer
from labrpc.world.world import World

SERVER = Entry("raft", "Raft", (*SERVER_PARAMETERS, "limit"), {"limit": 7}, True, True)
CLIENT = Entry("raft", "Client", ("servers",))
SOURCE = """
    import threading
    from labrpc import ApplyMsg

    class Log:
        def __init__(self, apply_ch):
            self.apply_ch = apply_ch

        def __len__(self):
            return 0

        def append(self, value):
            self.apply_ch.put(ApplyMsg(command_valid=True, command=value, command_index=1))
            return "appended"

        def __len__(self):
            return 0

    class Raft:
        def __init__(self, peers, me, persister, apply_ch, limit):
            self.limit, self.taken, self.apply_ch = limit, [], apply_ch
            self.services = {"Table": self, "Log": Log(apply_ch)}

        def take(self):
            threading.Thread(target=self.take_one).start()

        def take_one(self):
            self.taken.append(self.apply_ch.get().command)

        def look(self, args=None):
            return self.limit, self.taken

    class Client:
        def __init__(self, servers):
            self.servers = servers

        def call(self, method, args):
            return self.servers[0].call(method, args)
"""


class Applied(Observer):
    def __init__(self):
        self.commands = []

    def stepped(self, now_ns, host, event, actions):
        self.commands += [a.message[1] for a in actions if type(a).__name__ == "Apply"]


@pytest.fixture
def world(lab):
    boxes = InProcessBoxFactory(Submission.find(lab.write(SOURCE)))

    def box(number, life):
        return boxes.box(number, life, "seed", SERVER if number == 0 else CLIENT)

    world = World(1, "seed", box, clients=1)
    lab.worlds.append(world)
    for number in (0, 1):
        world.start(number)
    world.network.enable(1, 0)
    return world


def test_a_constant_of_the_entry_reaches_the_constructor(world):
    assert world.invoke(0, "look") == (7, [])


def test_a_client_calls_the_services_of_a_server_by_name(world):
    world.invoke(0, "take")
    assert world.invoke(1, "call", "Log.append", "a") == "appended"
    assert world.invoke(1, "call", "Table.look", None) == (7, ["a"])


def test_a_method_is_found_without_the_name_of_its_service(world):
    world.invoke(0, "take")
    assert world.invoke(1, "call", "append", "a") == "appended"


def test_a_named_service_must_have_the_method(world):
    # Though a service that is empty counts as false.
    with pytest.raises(SubmissionError, match=r"no method 'look'; it has append"):
        world.invoke(1, "call", "Log.look", None)


@pytest.mark.parametrize("services", ["1 / 0", "[self]"])
def test_services_of_no_use_are_the_submissions_failure(lab, services):
    source = f"""
        class Raft:
            def __init__(self, peers, me, persister, apply_ch, limit):
                pass

            @property
            def services(self):
                return {services}
    """
    boxes = InProcessBoxFactory(Submission.find(lab.write(source)))
    world = World(1, "seed", lambda *who: boxes.box(*who, "seed", SERVER))
    lab.worlds.append(world)
    with pytest.raises(SubmissionError, match="services") as caught:
        world.start(0)
    codes = {"1 / 0": "raises-in-constructor", "[self]": "no-services"}
    assert caught.value.code.name == codes[services]


@pytest.mark.parametrize("taken_first", [True, False])
def test_a_put_returns_when_the_server_itself_has_taken_it(world, taken_first):
    applied, returned = Applied(), []
    world.observe(applied)
    if taken_first:
        world.invoke(0, "take")
    world.invoke_then(world.hosts[0], returned.append, "Log.append", "a")
    assert applied.commands == ["a"]  # Reported, whoever takes it.
    assert returned == (["appended"] if taken_first else [])
    world.invoke(0, "take")
    world.sleep_ns(1)
    assert returned == ["appended"]
    assert world.invoke(0, "look")[1] == ["a"]


def test_messages_are_taken_in_their_order(world):
    for value in "abc":
        world.invoke_then(world.hosts[0], print, "Log.append", value)
    for _ in range(3):
        world.invoke(0, "take")
    assert world.invoke(0, "look")[1] == ["a", "b", "c"]


def test_a_server_cannot_call_its_clients(world):
    assert world.server_count == 1
    assert not world.network.is_enabled(0, 1)
