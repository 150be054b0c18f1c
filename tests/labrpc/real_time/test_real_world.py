"""The world on real threads and clocks: each test takes a moment of real time."""

import io
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from labrpc.box.in_process_box import restore_process
from labrpc.codes import EXCEPTION
from labrpc.errors import LoadError, SubmissionError
from labrpc.real_time.real_context import current_box
from labrpc.real_time.real_world import RealWorld
from labrpc.submission.submission import Submission
from tester import codes
from tester.judging.graded_test import GradedTest
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHosting
from tester.judging.suite import collect

from ..conftest import ROOT, Lab

MS = 1_000_000

MakeWorld = Callable[..., RealWorld]


@pytest.fixture
def real(lab: Lab) -> Iterator[MakeWorld]:
    """Make worlds of running servers, all connected, and close them."""
    worlds: list[RealWorld] = []

    def make(body: str, head: str = "", servers: int = 1, **files: str) -> RealWorld:
        sources = {"raft.py": lab.raft(body, head)}
        sources |= {f"{name}.py": text for name, text in files.items()}
        world = RealWorld(servers, "seed", Submission.find(lab.write(sources)))
        worlds.append(world)
        for src in range(servers):
            for dst in range(servers):
                world.network.enable(src, dst)
        for server in range(servers):
            world.start(server)
        return world

    yield make
    for world in worlds:
        world.close()


def until(world: RealWorld, holds: Callable[[], bool]) -> None:
    """Let real time pass until something holds, ten seconds at most."""
    for _ in range(1000):
        if holds():
            return
        world.sleep_ns(10 * MS)
    pytest.fail("it never came to hold")


# Calls.


CALLS = """
def ask(self, peer, value):
    return self.peers[peer].call("Raft.double", value)
def double(self, value):
    return value, value
"""


def test_a_call_returns_what_the_handler_returned(real: MakeWorld) -> None:
    world = real(CALLS, servers=2)
    assert world.invoke(0, "ask", 1, [7]) == ([7], [7])
    assert world.network.received == [0, 1]


def test_a_call_to_a_server_that_is_down_returns_none(real: MakeWorld) -> None:
    world = real(CALLS, servers=2)
    world.crash(1)
    assert world.invoke(0, "ask", 1, 7) is None
    world.start(1)
    assert world.invoke(0, "ask", 1, 7) == (7, 7)


def test_messages_are_lost_on_an_unreliable_network(real: MakeWorld) -> None:
    body = """
    def ask_often(self):
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(50) as pool:
            return list(pool.map(lambda n: self.peers[1].call("echo", n), range(200)))
    def echo(self, value):
        return value
    """
    world = real(body, servers=2)
    world.network.reliable = False
    answers = world.invoke(0, "ask_often")
    arrived = [n for n, answer in enumerate(answers) if answer is not None]
    assert [answers[n] for n in arrived] == arrived
    assert 0 < len(arrived) < 200


def test_many_threads_call_at_once_and_each_gets_its_own_answer(
    real: MakeWorld,
) -> None:
    body = """
    def ask_all(self):
        answers = {}
        def ask(n):
            answers[n] = self.peers[n % 3].call("Raft.echo", n)
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(100)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        return answers
    def echo(self, value):
        return value
    """
    world = real(body, servers=3)
    assert world.invoke(0, "ask_all") == {n: n for n in range(100)}


# Crashes and what survives them.


def test_what_was_saved_survives_a_crash_and_globals_do_not(real: MakeWorld) -> None:
    body = """
    def count(self):
        global counted
        counted += 1
        self.persister.save(b"%d" % counted, b"snapshot")
        return counted, threading.active_count() > 0
    def read(self):
        return counted, self.persister.read_raft_state(), self.persister.read_snapshot()
    """
    world = real(body, head="counted = 0", servers=2)
    assert [world.invoke(0, "count")[0] for _ in range(3)] == [1, 2, 3]
    assert world.invoke(1, "read") == (0, b"", b"")
    world.crash(0)
    world.start(0)
    assert world.invoke(0, "read") == (0, b"3", b"snapshot")


def test_a_crashed_server_does_nothing_more(real: MakeWorld) -> None:
    body = """
    def boot(self):
        for work in (self.save, self.put, self.ask, self.sleep_and_save):
            threading.Thread(target=work, daemon=False).start()
    def save(self):
        while True:
            self.persister.save(b"%d" % time.monotonic_ns(), b"")
            time.sleep(0.001)
    def put(self):
        while True: self.apply_ch.put(ApplyMsg(command_valid=True, command=1))
    def ask(self):
        while True: self.peers[0].call("Raft.never", None)
    def never(self, args):
        threading.Event().wait(0.5)
    def sleep_and_save(self):
        time.sleep(0.2)
        self.persister.save(b"too late", b"")
    """
    before = set(threading.enumerate())
    world = real(body)
    world.sleep_ns(50 * MS)
    world.crash(0)
    saved, calls, steps = world.disks[0].raft_state, world.network.calls, world.steps
    assert saved.isdigit()
    world.sleep_ns(300 * MS)
    assert world.disks[0].raft_state == saved
    assert (world.network.calls, world.steps) == (calls, steps)
    # Its threads have come to their ends, but for the handler that waits.
    names = {t.name for t in set(threading.enumerate()) - before if t.daemon}
    assert not [name for name in names if "save" in name or "(put)" in name]


def test_threads_that_wait_for_each_other_end_by_kill(real: MakeWorld) -> None:
    body = """
    def boot(self):
        self.news = threading.Condition()
        threading.Thread(target=self.wait, name="waiter of a dead server").start()
    def wait(self):
        with self.news: self.news.wait()
    def kill(self):
        with self.news: self.news.notify_all()
    """
    world = real(body)
    world.crash(0)
    until(
        world,
        lambda: all("dead server" not in t.name for t in threading.enumerate()),
    )


# The apply channel.


def test_put_blocks_until_the_service_has_taken_the_message(
    real: MakeWorld, lab: Lab
) -> None:
    body = """
    def boot(self):
        self.taken = 0
        threading.Thread(target=self.apply).start()
    def apply(self):
        for n in range(3):
            self.apply_ch.put(ApplyMsg(command_valid=True, command=n, command_index=n))
            self.taken += 1
    def get(self):
        return self.taken
    """
    world = real(body)
    until(world, lambda: world.invoke(0, "get") == 3)
    held = []
    lab.take_applied(world, lambda host, put_id, message: held.append(message[1]))
    world.crash(0)
    world.start(0)
    until(world, lambda: bool(held))
    assert world.invoke(0, "get") == 0
    assert held == [0]


# What a submission does wrong.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("thread", "where"),
    [
        ("threading.Thread(target=self.work, name='worker')", "in thread 'worker'"),
        ("threading.Timer(0.01, self.work)", "in thread 'Thread-"),
    ],
)
def test_an_exception_in_a_thread_ends_the_run(
    real: MakeWorld, thread: str, where: str
) -> None:
    body = f"""
    def boot(self):
        {thread}.start()
    def work(self):
        time.sleep(0.3)  # Until all have started, also on a busy machine.
        print("about to break")
        raise ValueError("broken")
    """
    world = real(body)
    with pytest.raises(SubmissionError) as caught:
        world.sleep_ns(10_000 * MS)
    assert caught.value.headline.startswith("server 0: ValueError: broken (raft.py:")
    assert where in caught.value.headline
    assert "work" in caught.value.evidence
    assert [line for _, _, line in world.log] == ["about to break"]


@pytest.mark.parametrize(
    ("begin", "where"),
    [
        (
            "asyncio.get_running_loop().call_soon(fail)",
            "in a callback of the event loop",
        ),
        ("asyncio.create_task(work(), name='tick')", "in the asyncio task 'tick'"),
    ],
)
def test_what_only_an_event_loop_learns_of_ends_the_run(
    begin: str, where: str, real: MakeWorld
) -> None:
    body = f"""
    async def look(self):
        def fail():
            raise RuntimeError("nobody asked")
        async def work():
            fail()
        {begin}
    """
    world = real(body, "import asyncio")

    def look_and_wait() -> None:
        # In real time, it may come as soon as the call.
        world.invoke(0, "look")
        until(world, lambda: False)

    with pytest.raises(SubmissionError, match=f"RuntimeError: nobody asked .*{where}"):
        look_and_wait()


def test_an_exception_in_a_handler_ends_the_run(real: MakeWorld) -> None:
    body = """
    def ask(self):
        self.peers[1].call("Raft.fail", None)
    def fail(self, args):
        return 1 // 0
    """
    world = real(body, servers=2)
    with pytest.raises(SubmissionError, match=r"ZeroDivisionError.*RPC handler fail"):
        world.invoke(0, "ask")


def test_a_constructor_that_raises_cannot_be_loaded(real: MakeWorld) -> None:
    with pytest.raises(LoadError, match="in its constructor"):
        real("def boot(self): raise ValueError")


# Modules.


MESSAGES = """
from __future__ import annotations
import enum
from dataclasses import dataclass, field
from typing import ClassVar

class Kind(enum.Enum):
    PUT = "put"

@dataclass(frozen=True, slots=True)
class Entry:
    count: ClassVar[int] = 0
    term: int
    kind: Kind = Kind.PUT
    below: list[Entry] = field(default_factory=list)
"""


def test_classes_resolve_to_the_servers_own_however_they_travel(
    real: MakeWorld,
) -> None:
    body = """
    def boot(self):
        saved = self.persister.read_raft_state()
        if saved:
            self.check(pickle.loads(saved))
    def check(self, entry):
        assert type(entry) is messages.Entry and entry.kind is messages.Kind.PUT, entry
        assert entry.below == [messages.Entry(2)] and copy.deepcopy(entry) == entry
        assert sys.modules["messages"].Entry is messages.Entry
        return entry
    def first(self, entries):
        assert entries[0] is entries[1]
        return [self.check(entries[0])] * 2
    def ask(self):
        entry = messages.Entry(1, below=[messages.Entry(2)])
        self.persister.save(pickle.dumps(entry), b"")
        self.check(self.peers[1].call("Raft.check", entry))
        with ThreadPoolExecutor() as pool:
            data = pool.submit(lambda: pickle.dumps(entry)).result()
            twice = [entry, entry]  # Shared references are left to pickle.
            for sent in pool.submit(self.peers[1].call, "first", twice).result():
                self.check(sent)
            self.check(pool.submit(lambda: pickle.loads(data)).result())
        return messages.Entry.__module__
    """
    head = (
        "import copy, pickle, sys, messages\n"
        "from concurrent.futures import ThreadPoolExecutor"
    )
    world = real(body, head, servers=2, messages=MESSAGES)
    assert world.invoke(0, "ask") == "messages"
    world.crash(0)
    world.start(0)


def test_what_the_process_has_changed_in_sys_is_not_put_back(
    real: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = real("def ask(self): return sys.version", "import sys", servers=1)
    assert world.invoke(0, "ask") == sys.version
    other = io.StringIO()
    monkeypatch.setattr(sys, "stdout", other)
    restore_process()
    assert sys.stdout is other


def test_the_process_finds_its_own_modules_before_and_after(real: MakeWorld) -> None:
    before = dict(sys.modules)
    sys.modules["messages"] = sys.modules["json"]
    try:
        world = real("pass", "import messages", messages=MESSAGES)
        assert current_box() is None
        assert sys.modules["messages"].dumps is sys.modules["json"].dumps
        world.close = lambda: None  # type: ignore[method-assign]
        RealWorld.close(world)
        assert sys.modules["messages"] is sys.modules["json"]
    finally:
        del sys.modules["messages"]
    assert "raft" not in set(sys.modules) - set(before)


# The scenario, and graded tests.


def test_threads_of_the_scenario_take_turns_where_they_sleep(real: MakeWorld) -> None:
    world = real("pass")
    seen: list[int] = []

    def count(first: int) -> None:
        for n in range(3):
            seen.append(first + n)
            sum(range(10_000))
            seen.append(first + n)
            world.sleep_ns(MS)

    threads = [world.spawn(count, 10 * number) for number in range(5)]
    assert not seen
    world.join(threads)
    assert seen[::2] == seen[1::2]
    assert len(seen) == 30


def test_a_failure_in_a_thread_of_the_scenario_ends_the_scenario(
    real: MakeWorld,
) -> None:
    world = real("pass")

    def fail() -> None:
        raise SubmissionError(EXCEPTION, "seen by a client")

    sleeper = world.spawn(world.sleep_ns, 60_000 * MS)
    world.spawn(fail)
    with pytest.raises(SubmissionError, match="seen by a client"):
        world.sleep_ns(60_000 * MS)
    world.close = lambda: None  # type: ignore[method-assign]
    RealWorld.close(world)
    while not sleeper.ended:
        pass


def graded(name: str) -> GradedTest:
    return next(test for test in collect() if test.name == name)


@pytest.mark.slow
def test_the_reference_passes_a_graded_test_in_real_time() -> None:
    submission = Submission.find(ROOT / "raft")
    test = graded("test_basic_agreement")
    # On a busy machine, a leader may lose its term for want of CPU time.
    runs = (
        run_test(
            RunConditions(submission, test, seed),
            RunHosting(real_time=True).open(submission),
        )
        for seed in range(5)
    )
    run = next((run for run in runs if run.passed), None)
    assert run is not None, "not once in five runs"
    assert run.commits == 3
    assert run.replay.endswith("--real-time")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["raft", "tests/submissions/polling"])
def test_a_cluster_goes_on_from_what_it_persisted(path: str) -> None:
    worlds = []

    def scenario(cluster) -> None:
        worlds.append(cluster.world)
        cluster.one({"key": [1, b"x"]}, expected=3)
        cluster.restart(*cluster.servers)
        cluster.one(2, expected=3, retry=True)

    test = GradedTest("scenario", "2C", 1, scenario, ROOT, servers=3)
    run = run_test(
        RunConditions(Submission.find(ROOT / path), test, 0),
        RunHosting(real_time=True).open(Submission.find(ROOT / path)),
    )
    assert (run.verdict, run.reason) == ("passed", "")
    assert run.commits >= 2
    assert isinstance(worlds[0], RealWorld)


def test_a_failure_says_that_real_time_does_not_repeat() -> None:
    def step(cluster):
        cluster.fail(codes.CHECK_FAILED, "no good")

    test = GradedTest("scenario", "2A", 1, step, ROOT, servers=1)
    run = run_test(
        RunConditions(Submission.find(ROOT / "raft"), test, 3),
        RunHosting(real_time=True).open(Submission.find(ROOT / "raft")),
    )
    assert (run.verdict, run.reason) == ("failed", "no good")
    assert "in real time, no two runs are the same" in run.evidence


@pytest.mark.slow
@pytest.mark.parametrize("real_time", [False, True])
def test_a_server_is_down_until_its_constructor_has_returned(
    lab: Lab, real_time: bool
) -> None:
    body = """
    def boot(self):
        time.sleep(0.05)
    def get_state(self):
        return 1, True
    """

    def scenario(cluster) -> None:
        def ask() -> None:
            cluster.sleep(0.02)
            answers.append(cluster.get_state(0))

        asking = cluster.spawn(ask)
        cluster.restart(0)
        cluster.join([asking])
        answers.append(cluster.get_state(0))

    answers: list[tuple[int, bool]] = []
    submission = Submission.find(lab.write(lab.raft(body)))
    test = GradedTest("scenario", "2A", 1, scenario, ROOT, servers=1)
    run = run_test(
        RunConditions(submission, test, 0),
        RunHosting(real_time=real_time).open(submission),
    )
    assert (run.verdict, run.reason) == ("passed", "")
    assert answers == [(0, False), (1, True)]


def test_an_annotation_is_no_printed_line(real: MakeWorld) -> None:
    body = """
    def f(self):
        annotate("here")
        print("printed")
    """
    world = real(body, "from labrpc import annotate")
    world.invoke(0, "f")
    assert [line for _, _, line in world.log] == ["printed"]
