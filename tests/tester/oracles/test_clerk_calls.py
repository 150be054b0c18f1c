"""Puts that return ErrMaybe though their clerk has sent them once."""

import pytest

from labrpc.errors import SubmissionError
from labrpc.world.events import Call, Wake
from labrpc.world.observer import Observers
from tester.oracles.clerk_calls import ClerkCalls
from tester.oracles.linearizability.operation import Operation

SERVERS, CLIENT = 3, 3


class Host:
    def __init__(self, server):
        self.server = server


class Run:
    """A world with three servers and one client, whose put returns ErrMaybe."""

    server_count = SERVERS

    def __init__(self):
        self.observers = Observers()
        self.states = [(1, True), (1, False), None]
        self.calls = ClerkCalls(self, self.states)
        self.put = Operation(1, 0, "put", "k", "a", 0, 5, lane=CLIENT)

    def observe(self, observer):
        self.observers.add(observer)

    def sends(self, box, method, count=1):
        """Let a box send requests in one step."""
        actions = [Call(number, 0, method, b"") for number in range(count)]
        for notify in self.observers.stepped:
            notify(0, Host(box), Wake(), actions)

    def returns(self, is_maybe=True):
        """Let the put return, and check it."""
        self.put.outcome = "maybe" if is_maybe else "version"
        self.calls.returned(self.put, is_maybe)
        self.calls.check()


@pytest.fixture
def run():
    made = Run()
    made.sends(CLIENT, "KV.get", 4)  # For what was called before.
    made.calls.called(made.put)
    return made


@pytest.mark.parametrize("count", [0, 1])
def test_errmaybe_for_a_put_that_was_sent_once_or_never_fails(run, count):
    run.sends(CLIENT, "KV.put", count)
    run.sends(0, "Raft.append_entries", 2)
    with pytest.raises(SubmissionError, match=f"had sent {count} time") as raised:
        run.returns()
    assert raised.value.code.name == "maybe-on-first-try"
    assert [fact.server for fact in raised.value.facts] == [CLIENT]


def test_errmaybe_for_one_that_was_sent_twice_is_right(run):
    run.sends(CLIENT, "KV.put")
    run.sends(CLIENT, "KV.put")
    run.returns()
    assert run.put.sent == 2


def test_another_answer_may_come_at_the_first_try(run):
    run.sends(CLIENT, "KV.put")
    run.returns(is_maybe=False)
    assert run.put.sent == 1


def test_a_server_that_passes_requests_on_may_have_sent_it_again(run):
    run.sends(CLIENT, "KV.put")
    run.sends(0, "KV.local_put")
    run.returns()


def test_so_may_one_whose_leadership_has_changed(run):
    run.sends(CLIENT, "KV.put")
    run.states[0] = (2, False)
    run.returns()
