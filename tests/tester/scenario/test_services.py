"""Services that break one rule each: the suite of lab 3 says which."""

import shutil
from pathlib import Path

import pytest

from tester.intake.service_submission import find_service, raft_of
from tester.judging.collection import collect_folder, graded_tests
from tester.judging.run import Recording, run_test, trace_file
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import suite_path
from tester.traces import rows
from tester.traces.reader import read_trace
from tester.views.wording import row_text

TESTS = Path(__file__).resolve().parents[2]
EXAMPLE = TESTS / "services" / "kv_threads"
RSM = "import rsm, threading, time\nclass RSM(rsm.RSM):\n{}\nrsm.RSM = RSM\n"
KV = "import kv, time\nclass {0}(kv.{0}):\n{1}\nkv.{0} = {0}\n"


@pytest.fixture(scope="module")
def tests():
    found = collect_folder(suite_path(3), "")
    return {test.name: test for test in graded_tests(found.selected)}


@pytest.fixture
def verdict(tests, tmp_path):
    """Return what runs a test of a service that one file changes."""
    for package in ("rsm", "kv"):
        (tmp_path / package).symlink_to(EXAMPLE / package)

    def run(source, name, seed=0):
        file = tmp_path / "changed.py"
        file.write_text(source)
        service = find_service(file, suite_path(3))
        return run_test(RunConditions(service, tests[name], seed))

    return run


def rsm(method):
    return RSM.format(method)


BROKEN = {
    "counters-differ": (
        "test_rsm_basic",
        rsm(
            "    def __init__(self, peers, me, *rest):\n"
            "        self.me = me\n"
            "        super().__init__(peers, me, *rest)\n"
            "    def _answer(self, *args):\n"
            "        self.state_machine.number += self.me == 1\n"
            "        super()._answer(*args)"
        ),
    ),
    "wrong-reply": (
        "test_rsm_concurrent",
        rsm("    def submit(self, r):\n        return super().submit(r)[0], 7"),
    ),
    "submit-stuck": (
        "test_rsm_shutdown",
        rsm("    def kill(self):\n        self.raft.kill()"),
    ),
    "answered-without-majority": (
        "test_rsm_leader_partition",
        rsm(
            "    def submit(self, request):\n"
            "        if request == -1 and self.raft.start(('x', request))[2]:\n"
            "            return 'OK', 0\n"
            "        return super().submit(request)"
        ),
    ),
    # A clerk that has the only client needs no servers.
    "ok-without-commit": (
        "test_kv_basic",
        KV.format(
            "Clerk",
            "    table = dict()\n"
            "    def get(self, key):\n"
            "        return self.table.get(key, ('', 0, 'ErrNoKey'))\n"
            "    def put(self, key, value, version):\n"
            "        time.sleep(0.001)\n"
            "        self.table[key] = value, version + 1, 'OK'\n"
            "        return 'OK'",
        ),
    ),
    "snapshot-unwanted": (
        "test_rsm_restart_replay",
        rsm(
            "    def __init__(self, peers, me, persister, apply_ch, limit, machine):\n"
            "        super().__init__(peers, me, persister, apply_ch, 1000, machine)"
        ),
    ),
    "log-not-cut": (
        "test_kv_snapshot_speed",
        rsm("    def _take_snapshot_if_large(self):\n        pass"),
    ),
    "snapshot-too-large": (
        "test_kv_snapshot_size",
        KV.format(
            "KVServer",
            "    def restore(self, data):\n"
            "        super().restore(data[:-1000])\n"
            "    def snapshot(self):\n"
            "        return super().snapshot() + bytes(1000)",
        ),
    ),
    "operations-too-slow": (
        "test_kv_speed",
        rsm(
            "    def submit(self, request):\n"
            "        time.sleep(0.04)\n"
            "        return super().submit(request)"
        ),
    ),
    "operation-stuck": (
        "test_kv_basic",
        KV.format(
            "Clerk",
            "    def get(self, key):\n        time.sleep(20)\n        return super().get(key)",
        ),
    ),
    # A clerk that does not forget, with the next put, that it has sent one again.
    "maybe-on-first-try": (
        "test_kv_persist_unreliable",
        KV.format(
            "Clerk",
            "    sent_max = 1\n"
            "    def _call(self, method, args):\n"
            "        reply, sent = super()._call(method, args)\n"
            "        self.sent_max = max(self.sent_max, sent)\n"
            "        return reply, self.sent_max",
        ),
    ),
    "no-services": (
        "test_kv_versions",
        KV.format(
            "KVServer",
            "    def __init__(self, *args):\n"
            "        super().__init__(*args)\n"
            "        del self.services",
        ),
    ),
    "wrong-answer": (
        "test_kv_versions",
        KV.format("Clerk", "    def get(self, key):\n        return None"),
    ),
    "stale-read": (
        "test_kv_one_partition",
        KV.format(
            "KVServer",
            "    def get(self, args):\n"
            "        import kv.messages\n"
            "        if self.rsm.raft.get_state()[1]:\n"
            "            err, value, version = self._get(args.key)\n"
            "            return kv.messages.GetReply(err, value, version)\n"
            "        return kv.messages.GetReply('ErrWrongLeader')",
        ),
    ),
}


STAYS_WITH_ONE_SERVER = """\
    def _call(self, method, args):
        while True:
            reply = self.servers[2].call(method, args)
            if reply is not None and reply.err != "ErrWrongLeader":
                return reply, 1
            time.sleep(0.1)
"""


@pytest.mark.unmeasured
def test_the_operation_that_is_waited_for_comes_before_the_others(verdict):
    """A minority's clients may wait for ever, and the one that is stuck reaches a majority."""
    run = verdict(KV.format("Clerk", STAYS_WITH_ONE_SERVER), "test_kv_one_partition")
    assert run.code == "operation-stuck", run.report()
    waited_for, _, others = run.evidence.partition("others, which were not waited for:")
    assert "client 0 called get('1')" in waited_for
    assert "client 1 called" not in waited_for
    assert "client 2 called" not in waited_for
    assert "client 1 called put(" in others
    assert "client 2 called get(" in others


WAITS_UNDER_THE_LOCK = """\
    def submit(self, request):
        with self.outer:
            return super().submit(request)
    def _answer(self, *args):
        with self.outer:
            super()._answer(*args)
    def __init__(self, *args):
        self.outer = threading.Lock()
        super().__init__(*args)
"""


@pytest.mark.unmeasured
def test_a_lock_held_by_who_waits_for_the_applier_is_a_deadlock(verdict):
    run = verdict(rsm(WAITS_UNDER_THE_LOCK), "test_rsm_basic")
    assert run.code == "deadlock", run.report()
    assert "'Thread-1 (_run_applier)' waits for a Lock held by submit()" in run.reason
    assert "'submit()' waits for a notification" in run.reason
    assert "rsm/rsm.py" in run.reason
    assert "submit() did not return within 10 s" in run.evidence


HOLDS_AN_ASYNCIO_LOCK = """\
import asyncio, rsm
class RSM(rsm.RSM):
    def __init__(self, *args):
        self.lock = asyncio.Lock()
        super().__init__(*args)
    async def submit(self, request):
        async with self.lock:
            return await super().submit(request)
    async def check_term(self):
        while True:
            await asyncio.sleep(0.05)
            async with self.lock:
                pass
    async def apply_all(self):
        await self.check_term()
rsm.RSM = RSM
"""


@pytest.mark.unmeasured
def test_a_lock_of_coroutines_is_named_with_who_holds_it(tests, tmp_path):
    for package in ("raft", "rsm", "kv"):
        place = TESTS / "submissions/asyncio_raft" / package
        (tmp_path / package).symlink_to(place)
    file = tmp_path / "changed.py"
    file.write_text(HOLDS_AN_ASYNCIO_LOCK)
    service = find_service(file, suite_path(3))
    run = run_test(RunConditions(service, tests["test_kv_versions"], 0))
    assert run.code == "deadlock", run.report()
    held = "waits for an asyncio.Lock held by 'KV.perform from client 0' at changed.py"
    assert f"(RSM.apply_all) {held}" in run.reason
    assert "'KV.perform from client 0' waits at rsm/rsm.py" in run.reason


@pytest.mark.unmeasured
def test_where_stuck_calls_wait_is_shown(verdict):
    name, source = BROKEN["submit-stuck"]
    run = verdict(source, name)
    assert run.code == "submit-stuck"
    assert "  thread 'submit()' waits for a notification" in run.evidence
    assert "return submitted.answer.result()" in run.evidence
    assert "and 96 more" in run.evidence


@pytest.mark.unmeasured
def test_a_put_that_was_sent_again_may_return_errmaybe(tests, tmp_path):
    service = find_service(EXAMPLE, suite_path(3))
    conditions = RunConditions(service, tests["test_kv_persist_unreliable"], 0)
    run = run_test(conditions, recording=Recording(traces=tmp_path))
    assert run.passed, run.report()
    trace = read_trace(trace_file(tmp_path, conditions))
    returned = [row for row in trace.rows if isinstance(row, rows.Returned)]
    assert any(row.value == "ErrMaybe" for row in returned)


# What students get wrong first, and what they read.
FIRST_MISTAKES = {
    "a call that is lost": (
        "test_kv_unreliable",
        KV.format(
            "Clerk",
            "    def get(self, key):\n"
            "        while True:\n"
            "            self.servers[0].call('KV.get', kv.messages.GetArgs(key)).err",
        ),
        "client 1: AttributeError: 'NoneType' object has no attribute 'err'",
    ),
    "a handler that raises": (
        "test_kv_versions",
        KV.format("KVServer", "    def get(self, args):\n        return None.err"),
        "in the RPC handler get, called by client 0",
    ),
    "services without Raft": (
        "test_kv_versions",
        KV.format(
            "KVServer",
            "    def __init__(self, *args):\n"
            "        super().__init__(*args)\n"
            "        del self.services['Raft']",
        ),
        "`services` has no 'Raft', whose method 'get_state' is called here; it has 'KV'",
    ),
    "an RSM that keeps no Raft": (
        "test_rsm_basic",
        rsm(
            "    def __init__(self, *args):\n"
            "        super().__init__(*args)\n"
            "        del self.raft"
        ),
        "RSM has no attribute `raft`: keep the Raft that it constructs as self.raft",
    ),
    "a command that is an object": (
        "test_rsm_basic",
        rsm("    def submit(self, r):\n        return super().submit({r})"),
        "the ApplyMsg, whose command is what raft.start() was given, contains a set",
    ),
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("mistake", FIRST_MISTAKES)
def test_a_first_mistake_is_explained(verdict, mistake):
    name, source, words = FIRST_MISTAKES[mistake]
    run = verdict(source, name)
    assert words in run.reason, run.report()


def test_a_raft_without_kill_is_enough(verdict):
    source = "import raft.raft\ndel raft.raft.Raft.kill\n"
    run = verdict(source, "test_rsm_shutdown")
    assert run.passed, run.report()
    assert run.warnings == []


@pytest.mark.slow
@pytest.mark.parametrize("place", ["submissions/polling", "correct/plain"])
def test_a_students_own_raft_needs_no_change(tests, tmp_path, place):
    shutil.copytree(EXAMPLE, tmp_path / "mine")
    shutil.copytree(TESTS / place / "raft", tmp_path / "mine/raft")
    service = find_service(tmp_path / "mine", suite_path(3))
    for test in ("test_rsm_shutdown", "test_kv_snapshot_rpc"):
        run = run_test(RunConditions(service, tests[test], 0))
        assert run.passed, run.report()
    assert raft_of(service) == "its own Raft"


def test_messages_that_nobody_takes_off_the_channel_are_shown(verdict):
    run = verdict(rsm("    def _run_applier(self):\n        pass"), "test_rsm_basic")
    assert run.code == "submit-stuck"
    assert "waits for the service to take an ApplyMsg (apply_ch.put)" in run.evidence


def test_a_package_that_is_not_there_yet_is_named(tests, tmp_path):
    shutil.copytree(EXAMPLE / "rsm", tmp_path / "rsm")
    service = find_service(tmp_path, suite_path(3))
    run = run_test(RunConditions(service, tests["test_kv_versions"], 0))
    assert run.code == "missing-module"
    expected = "no package kv/ and no kv.py, from which the lab imports KVServer"
    assert expected in run.reason


# What no service returns, and what a test would stumble over, or a client go on with.
WRONG_ANSWERS = {
    "a reply of no number": (
        "test_rsm_concurrent",
        rsm("    def submit(self, r):\n        return super().submit(r)[0], None"),
    ),
    "the version of a missing key": (
        "test_kv_basic",
        KV.format(
            "Clerk",
            "    def get(self, key):\n        return '', -5, 'ErrNoKey'\n"
            "    def put(self, key, value, version):\n        return 'OK'",
        ),
    ),
}


@pytest.mark.parametrize("what", WRONG_ANSWERS)
def test_an_answer_of_the_wrong_kind_is_the_services_failure(verdict, what):
    name, source = WRONG_ANSWERS[what]
    run = verdict(source, name)
    assert run.code == "wrong-answer", f"{run.code}: {run.reason}\n{run.evidence}"


@pytest.mark.slow
@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_rule_of_a_service_is_named(verdict, code):
    name, source = BROKEN[code]
    run = verdict(source, name)
    assert run.code == code, f"{run.code}: {run.reason}\n{run.evidence}"


def test_raft_is_blamed_before_the_service(verdict):
    # A Raft that applies entries at the wrong index breaks the service, too.
    source = (
        "import raft.raft\n"
        "class Raft(raft.raft.Raft):\n"
        "    def _take_committed(self):\n"
        "        taken = super()._take_committed()\n"
        "        return taken[1:] or taken\n"
        "raft.Raft = raft.raft.Raft = Raft\n"
    )
    run = verdict(source, "test_rsm_concurrent")
    assert run.code == "applied-out-of-order"
    assert "the service runs on the lab's reference Raft" in run.evidence


def test_a_trace_shows_operations_in_the_lanes_of_clients(tests, tmp_path):
    service = find_service(EXAMPLE, suite_path(3))
    conditions = RunConditions(service, tests["test_kv_versions"], 0)
    run_test(conditions, recording=Recording(traces=tmp_path))
    trace = read_trace(trace_file(tmp_path, conditions))
    assert (trace.header.servers, trace.header.clients) == (5, 1)
    shown = [
        (trace.header.lane(row.server), row_text(row, trace))
        for row in trace.rows
        if isinstance(row, rows.Called | rows.Returned)
    ]
    assert ("client 0", "put('k', 'b', 0) is called") in shown
    lane, last = shown[-1]
    assert lane == "client 0"
    assert last.startswith("get('k') returns ['g', 3, 'OK'] after 0.0")
    texts = [
        row_text(row, trace) for row in trace.rows if isinstance(row, rows.Arrived)
    ]
    assert any(text.startswith("◀ client 0  put(") for text in texts)
    # The Raft in each server says who leads, as in lab 2.
    assert any(isinstance(row, rows.Reported) and row.leads for row in trace.rows)
