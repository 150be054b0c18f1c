"""A run of lab 3 is watched for situations: it stays as it is, whatever servers return."""

from pathlib import Path

import pytest

from labrpc.world.events import (
    Apply,
    Boot,
    Call,
    Invoke,
    Persist,
    Reply,
    Request,
    Result,
)
from labrpc.world.rpc import Delivery, Loss, Rpc
from tester.intake.service_submission import find_service
from tester.judging.collection import collect_folder, graded_tests
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import suite_path
from tester.situations.catalogue import SERVICE_SITUATIONS, SITUATIONS
from tester.situations.report import situation_lines
from tester.situations.service_observer import ServiceObserver

EXAMPLE = Path(__file__).resolve().parents[2] / "services" / "kv_threads"


def test_watching_changes_no_run():
    suite = suite_path(3)
    (test,) = graded_tests(collect_folder(suite, "test_kv_versions").selected)
    conditions = RunConditions(find_service(EXAMPLE, suite), test, 0)
    watched = run_test(conditions, recording=Recording(digest=True, situations=True))
    assert (
        watched.digest == run_test(conditions, recording=Recording(digest=True)).digest
    )
    assert {"put-refused", "no-key", "elected-at-once"} <= set(watched.situations)
    assert set(watched.situations) <= SERVICE_SITUATIONS.keys() | SITUATIONS.keys()
    known = len(SERVICE_SITUATIONS) + len(SITUATIONS)
    assert f" of {known}; never: " in situation_lines([watched])[0]


class Life:
    """One incarnation of a box."""

    def __init__(self, server, incarnation=1):
        self.server, self.incarnation = server, incarnation


CLERK, SERVER = Life(3), Life(1)


@pytest.fixture
def watch():
    return ServiceObserver(3, {})


def asked(watch, call_id, request_id):
    """Let the clerk's request reach the server, and wait there."""
    rpc = Rpc(call_id, CLERK, call_id, SERVER.server, "KV.put")
    watch.stepped(
        1, CLERK, Invoke(call_id, "put", ("k", "v", 0)), [Call(call_id, 1, "", b"")]
    )
    watch.request_arrived(2, Delivery(rpc, request_id))
    watch.stepped(2, SERVER, Request(request_id, 3, "KV.put", b""), [])
    return Delivery(rpc, request_id)


def reports(watch, number, value):
    watch.stepped(
        1, SERVER, Invoke(number, "Raft.get_state", ()), [Result(number, value)]
    )


def test_a_reply_that_is_lost_is_sent_for_again(watch):
    delivery = asked(watch, 1, 10)
    watch.lost(3, delivery, Loss.CUT_OFF)
    watch.stepped(4, CLERK, Request(1, 0, "", b""), [Call(2, 1, "", b"")])
    assert watch.met() == ["follower-asked"]
    watch.stepped(5, SERVER, Request(99, 0, "", b""), [Reply(10, b"")])
    watch.lost(6, delivery, Loss.REPLY_LOST)
    watch.stepped(7, CLERK, Request(1, 0, "", b""), [Call(3, 2, "", b"")])
    assert watch.met()[1:] == ["heard-not-answered", "sent-again-after-lost-reply"]


@pytest.mark.parametrize("value", [None, (1,), (1, 1), ("1", True), [2**99, "x"]])
def test_a_server_may_return_anything(watch, value):
    reports(watch, 1, value)
    asked(watch, 1, 10)
    watch.stepped(
        3, CLERK, Request(1, 0, "", b""), [Result(1, value), Result(1, value)]
    )
    watch.stepped(4, CLERK, Invoke(2, "get", ("k",)), [Result(2, value)])
    watch.stepped(
        5,
        SERVER,
        Request(1, 0, "", b""),
        [Apply(1, (False, 1, value, True, b"", value, 1))],
    )
    assert watch.met() == ["follower-asked"]


def test_servers_that_lead_lose_and_crash_with_requests(watch):
    watch.stepped(1, SERVER, Boot(3, b"", b""), [])
    reports(watch, 1, (1, True))
    watch.controlled(1, "partition", ([0, 2], [1]))
    asked(watch, 1, 10)
    watch.stepped(2, SERVER, Invoke(2, "kill", ()), [Persist(b"x", b"snapshot")])
    reports(watch, 3, (2, False))
    watch.controlled(3, "connect", (1,))
    watch.crashed(4, SERVER)
    watch.crashed(4, CLERK)
    watch.started(5, Life(1, 2))
    assert watch.met() == [
        "asked-without-majority", "kill-while-waiting", "snapshot-while-waiting",
        "deposed-while-waiting", "crash-while-waiting",
    ]  # fmt: skip
