"""Threads that lose their turn between statements: what changes, and what must not."""

import ast
import textwrap
import traceback

import pytest

from labrpc.errors import SubmissionError
from labrpc.scheduling.preemption import PREEMPTED, RELEASED_DUE, STATEMENTS_MEAN
from labrpc.submission.preemptible import preemptible
from labrpc.world.events import Log, Preempt
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder

# Four threads add 200 each, without a lock.
COUNTS = """
import threading
total = 0
class Box:
    total = 0
box, table = Box(), {"total": 0}

def program():
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return READ

def work():
    global total
    for _ in range(200):
        UPDATE
"""
UPDATES = {
    "box.total += 1": "box.total",
    "box.total = box.total + 1": "box.total",
    "table['total'] += 1": "table['total']",
    "total += 1": "total",
    "if table['total'] >= 0: table['total'] = table['total'] + 1": "table['total']",
}


@pytest.mark.parametrize("update", UPDATES)
def test_an_unlocked_update_is_lost_only_with_preemption(lab, update):
    source = COUNTS.replace("UPDATE", update).replace("READ", UPDATES[update])
    assert lab.run(source) == 800
    assert lab.run(source, preempt=True) < 800


def test_a_lock_helps(lab):
    source = (
        COUNTS.replace("UPDATE", "with lock: box.total += 1")
        .replace("READ", "box.total")
        .replace("total = 0", "total = 0; lock = threading.Lock()", 1)
    )
    assert lab.run(source, preempt=True) == 800


def test_the_same_seed_switches_at_the_same_places(lab):
    source = COUNTS.replace("UPDATE", "box.total += 1").replace("READ", "box.total")
    counts = [lab.run(source, seed=s, preempt=True) for s in ("a", "a", "b", "b", "c")]
    assert counts[0] == counts[1]
    assert counts[2] == counts[3]
    assert len(set(counts)) > 1


# What the programs do must stay the same.

PROGRAMS = {
    "augmented assignments of each kind": """
        def program():
            class A:
                n, s, t = 1, "x", [1]
            a, rows, x = A(), [[1, 2], [3]], 5
            alias, first = a.t, rows[0]
            a.n += 2; a.n *= 5; a.n -= 1; a.n //= 2; a.n **= 2; a.n %= 13
            a.n |= 16; a.n ^= 3; a.n <<= 2; a.n >>= 1; a.n &= 255
            a.s += "y"; a.t += [2]; rows[0] += [9]; rows[-1][0] += x; x += 1
            rows[0][1:2] += [7, 7]
            return a.n, a.s, alias, first, rows, x
    """,
    "the target is evaluated once": """
        def program():
            seen, rows = [], {"k": 1}
            def at(what, value):
                seen.append(what)
                return value
            at("object", rows)[at("index", "k")] += at("value", 4)
            at("first", rows)[at("second", "j")] = at("before", 1) + at("after", 2)
            return seen, rows
    """,
    "an update that raises changes nothing": """
        def program():
            rows = {"a": 1}
            try:
                rows["b"] += 1
            except KeyError:
                rows["a"] += 1
            else:
                rows["a"] += 10
            finally:
                rows["a"] += 100
            return rows
    """,
    "future imports and docstrings": '''
        """A module."""
        from __future__ import annotations
        def program() -> Whatever:
            """A function."""
            def empty():
                """Only this."""
            return program.__doc__, empty.__doc__, program.__annotations__
    ''',
    "decorators and nested functions": """
        import functools
        def twice(f):
            @functools.wraps(f)
            def g(*args):
                f(*args)
                return f(*args)
            return g
        def program():
            count = 0
            @twice
            def add(n):
                nonlocal count
                count += n
                return count
            return add(3), add.__name__
    """,
    "match": """
        def program():
            found = []
            for value in ({"a": 1}, [1, 2, 3], "x", 7):
                match value:
                    case {"a": n} if n:
                        found.append(n)
                    case [first, *rest]:
                        found += [first, rest]
                    case str() as text:
                        found.append(text)
                    case _:
                        found.append(None)
            return found
    """,
    "generators": """
        def program():
            class A: n = 0
            def count():
                for _ in range(3):
                    A.n += yield A.n
            numbers = count()
            seen = [next(numbers), numbers.send(5), numbers.send(6)]
            return seen, A.n, sorted("bca", key=lambda c: -ord(c)), [x for x in "ab"]
    """,
    "loops with else, walrus, break": """
        def program():
            i, seen = 0, []
            while (i := i + 1) < 5:
                if i == 3: continue
                for j in range(i):
                    if j == 2: break
                    seen.append((i, j))
                else:
                    seen.append("all")
            else:
                seen.append("done")
            del i
            return seen
    """,
    "class bodies and private names": """
        def program():
            class A:
                total = 1
                total += 2
                def __init__(self):
                    self.__count = 0
                def add(self):
                    self.__count += 1
                    self.__count = self.__count + 1
                    return self
            a = A().add().add()
            return A.total, vars(a)
    """,
    "coroutines": """
        import asyncio
        def program():
            class A: n = 0
            async def add(n):
                for _ in range(n):
                    await asyncio.sleep(0.001)
                    A.n += 1
            async def main():
                async with asyncio.timeout(5):
                    await asyncio.gather(add(3), add(4))
                return A.n
            return asyncio.run(main())
    """,
    "context managers and globals": """
        import contextlib
        seen = []
        @contextlib.contextmanager
        def noted(name):
            seen.append(name)
            try:
                yield name
            finally:
                seen.append("end")
        def program():
            global seen
            with noted("a") as a, noted("b"):
                seen += [a]
            seen = seen + ["last"]
            return seen
    """,
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_single_thread_computes_the_same(lab, name):
    source = textwrap.dedent(PROGRAMS[name])
    expected = lab.run(source)
    for seed in ("one", "two", "three"):
        assert lab.run(source, seed=seed, preempt=True) == expected


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_statement_keeps_its_line(name):
    tree = ast.parse(textwrap.dedent(PROGRAMS[name]))
    lines = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)}
    after = preemptible(ast.parse(textwrap.dedent(PROGRAMS[name])))
    assert {n.lineno for n in ast.walk(after) if isinstance(n, ast.stmt)} == lines


@pytest.mark.parametrize("preempt", [False, True])
def test_a_traceback_has_the_right_line(lab, preempt):
    source = lab.raft(
        """
        def boot(self):
            self.votes = None

        def get_state(self):
            x = 1
            self.votes += x
            return 1, True
        """
    )
    world = lab.world(source, preempt=preempt)
    with pytest.raises(SubmissionError) as failed:
        world.invoke(0, "get_state")
    line = 1 + next(i for i, s in enumerate(source.splitlines()) if "votes += x" in s)
    assert f"raft.py:{line}" in str(failed.value.headline)
    assert "self.votes += x" in failed.value.evidence


# Where no turn may be lost.

BUSY = """
def boot(self):
    self.lock = threading.Lock()
    self.done = 0
    for _ in range(3):
        threading.Thread(target=self.work).start()

def work(self):
    try:
        while True:
            with self.lock:
                for _ in range(20):
                    self.done += 1
            time.sleep(0.001)
    finally:
        for _ in range(500):
            self.done += 1

def get_state(self):
    return self.done, True
"""


@pytest.mark.unmeasured
def test_a_lock_held_while_preempted_is_no_deadlock_and_no_warning(lab):
    world = lab.world(lab.raft(BUSY), preempt=True)
    world.sleep_ns(10**9)
    assert world.invoke(0, "get_state")[0] > 10 * STATEMENTS_MEAN
    assert world.warnings == {}


COUNTS_EACH_CALL = """
def boot(self):
    self.lock, self.calls = threading.Lock(), []
def add(self, name):
    with self.lock:
        self.calls.append(name + " begins")
    with self.lock:
        self.calls.append(name + " ends")
def get_state(self):
    return self.calls
"""


@pytest.mark.parametrize(
    ("event", "calls"),
    [
        (Preempt(1, away_ns=10**6), ["a begins", "b begins", "b ends", "a ends"]),
        (Preempt(3, away_ns=10**6), ["a begins", "a ends", "b begins", "b ends"]),
        (Preempt(1, "statement", 10**6), ["b begins", "b ends", "a begins", "a ends"]),
        (Preempt(0), ["a begins", "a ends", "b begins", "b ends"]),
        (Preempt(1, "begin", 10**6), ["a begins", "a ends", "b begins", "b ends"]),
    ],
)
def test_a_plan_names_the_one_place_where_a_thread_loses_its_turn(lab, event, calls):
    remarks = Remarks()
    world = lab.world(lab.raft(COUNTS_EACH_CALL), preempt=True, observers=[remarks])
    host = world.hosts[0]
    world.step(host, Preempt(0))
    world.step(host, event)
    for name in ("a", "b"):
        world.invoke_then(host, lambda _: None, "add", name)
    world.sleep_ns(10**8)
    world.step(host, Preempt(0))
    assert world.invoke(0, "get_state") == calls
    preempted = [line for line in remarks.lines if " is preempted at raft.py:" in line]
    assert len(preempted) == (event.nth > 0 and event.place != "begin")


def test_a_thread_that_begins_may_lose_its_turn_by_a_plan(lab):
    remarks = Remarks()
    body = "def go(self):\n    threading.Thread(target=print, args=('late',)).start()\n"
    body += "    print('early')\n"
    world = lab.world(lab.raft(body), preempt=True, observers=[remarks])
    world.step(world.hosts[0], Preempt(1, "begin", 10**6))
    world.invoke(0, "go")
    world.sleep_ns(10**7)
    assert [line for _, _, line in world.log] == ["early", "late"]
    assert [line.split(" is ")[1] for line in remarks.lines] == [
        "preempted before it begins"
    ]


class Remarks(Observer):
    """Keeps what servers remark on themselves."""

    def __init__(self):
        self.lines = []

    def stepped(self, now_ns, host, event, actions):
        self.lines += [a.line for a in actions if type(a) is Log and a.annotates]


def test_a_thread_that_has_lost_its_turn_is_no_thread_that_goes_on_after_kill(lab):
    body = """
def kill(self):
    threading.Thread(target=self.end).start()
def end(self):
    self.ended = True
    return
"""
    world = lab.world(lab.raft(body), preempt=True)
    host = world.hosts[0]
    world.step(host, Preempt(1, "statement", 10**9))
    world.invoke_then(host, lambda _: None, "kill")
    world.step(host, Preempt(2, "statement", 10**9))
    world.sleep_ns(1)
    assert any("preempted" in report for report in [host.box.threads()])
    assert host.box.leaked() == []


CHECKS_THEN_ACTS = """
import threading
lock, taken = threading.Lock(), []

def program():
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return len(taken)

def is_free():
    with lock:
        return not taken

def work():
"""


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "releasing",
    [
        "with lock: free = not taken",
        "lock.acquire(); free = not taken; lock.release()",
        "free = is_free()",
    ],
)
def test_a_thread_often_loses_its_turn_where_it_releases_a_lock(lab, releasing):
    source = (
        f"{CHECKS_THEN_ACTS}    {releasing}\n    if free:\n        taken.append(1)\n"
    )
    assert lab.run(source) == 1
    seeds = range(20)
    cut = [s for s in seeds if lab.run(source, seed=f"{s}", preempt=True) > 1]
    assert len(cut) > 2


def test_a_thread_often_begins_late(lab):
    source = """
        import threading, time
        def program():
            begun = []
            def work():
                begun.append(time.monotonic())
            threads = [threading.Thread(target=work) for _ in range(50)]
            now = time.monotonic()
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return sum(time > now + 0.0001 for time in begun)
    """
    assert lab.run(textwrap.dedent(source)) == 0
    assert 2 < lab.run(textwrap.dedent(source), preempt=True) < 45


@pytest.mark.parametrize(
    "looking",
    [
        "free = not taken\n    with lock:\n        if free: taken.append(1)",
        "if not taken:\n        with lock: taken.append(1)",
        "while not taken:\n        with lock: taken.append(1)",
    ],
)
def test_a_thread_often_loses_its_turn_before_it_takes_a_lock(lab, looking):
    source = f"{CHECKS_THEN_ACTS}    {looking}\n"
    cut = [s for s in range(20) if lab.run(source, seed=f"{s}", preempt=True) > 1]
    assert len(cut) > 4


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("with lock: act()", 1),
        ("while True:\n  with lock: act()", 1),
        ("look()\n with lock: act()", 2),
        ("if look():\n  with lock: act()", 2),
        ("while look():\n  with lock: act()", 2),
        ("with lock:\n  with other: act()", 3),
        ("with lock, other: act()", 3),
        ("with one, two, three: act()", 5),
    ],
)
def test_before_a_lock_is_no_place_where_nothing_was_read_or_locked(body, places):
    """One more is where the lock has been released."""
    rewritten = ast.unparse(preemptible(ast.parse(f"def work():\n {body}")))
    assert rewritten.count(f"if {RELEASED_DUE}()") == places


def test_a_dying_thread_is_not_preempted(lab):
    world = lab.world(lab.raft(BUSY), preempt=True)
    world.sleep_ns(10**8)
    world.crash(0)
    world.sleep_ns(10**9)
    assert world.warnings == {}
    world.start(0)
    assert world.invoke(0, "get_state")[1]


def test_a_preempted_thread_is_called_so(lab):
    world = lab.world(lab.raft(BUSY), preempt=True)
    for _ in range(200):
        world.sleep_ns(10**5)
        if PREEMPTED in world.hosts[0].box.threads():
            return
    pytest.fail("no thread was ever seen to wait for its turn")


def test_code_outside_the_boxs_threads_goes_on(lab):
    """Messages are encoded by the lab, which calls the submission's own methods."""
    head = """
        class Entry:
            def __init__(self, n): self.n = n
            def __reduce__(self):
                n = self.n
                for _ in range(300):
                    n = n
                return Entry, (n,)
    """
    body = """
        def boot(self):
            self.got = []
            if self.me == 0:
                threading.Thread(target=self.talk).start()
        def talk(self):
            for n in range(20):
                self.peers[1].call("Raft.take", Entry(n))
        def take(self, entry):
            self.got.append(entry.n)
        def get_state(self):
            return self.got, True
    """
    world = lab.world(lab.raft(body, head), servers=2, preempt=True)
    world.sleep_ns(10**9)
    assert world.invoke(1, "get_state")[0] == list(range(20))


def test_the_digest_is_a_function_of_the_seed(lab):
    digests = []
    for seed in ("a", "a", "b"):
        recorder = DigestRecorder()
        world = lab.world(lab.raft(BUSY), seed=seed, observers=[recorder], preempt=True)
        world.sleep_ns(10**8)
        digests.append(recorder.hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_what_cannot_be_parsed_is_a_load_error_as_ever(lab):
    with pytest.raises(SubmissionError, match=r"syntax error in raft\.py, line 2"):
        lab.world("class Raft:\n    def broken(:\n", preempt=True)


def test_the_rewritten_code_is_python(lab):
    for name in PROGRAMS:
        tree = preemptible(ast.parse(textwrap.dedent(PROGRAMS[name])))
        try:
            compile(ast.unparse(tree), name, "exec")
        except SyntaxError:
            pytest.fail(traceback.format_exc())
