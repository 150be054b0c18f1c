"""Deadlocks are named, and idle servers are left alone."""

import pytest

from labrpc.clock import SECOND
from labrpc.errors import SubmissionError
from labrpc.world.events import Taken


def deadlock(lab, body, seconds=1, act=None):
    """Return what is said of a server that gets stuck within so much time."""
    world = lab.world(lab.raft(body))
    act = act or (lambda world: world.sleep_ns(seconds * SECOND))
    with pytest.raises(SubmissionError) as told:
        act(world)
    assert told.value.headline.startswith("server 0: deadlock: ")
    return told.value


CIRCLE = """
    def boot(self):
        self.a, self.b = threading.LOCK(), threading.LOCK()
        for name, first, second in (("left", self.a, self.b), ("right", self.b, self.a)):
            threading.Thread(target=self.work, args=(first, second), name=name).start()
        threading.Thread(target=self.ticks, daemon=True).start()
    def ticks(self):
        while True:
            time.sleep(0.05)
    def work(self, first, second):
        with first:
            time.sleep(0.1)
            with second:
                print("not here")
"""


@pytest.mark.parametrize("lock", ["Lock", "RLock"])
def test_two_locks_taken_crosswise_are_named_with_their_holders(lab, lock):
    told = deadlock(lab, CIRCLE.replace("LOCK", lock))
    left = f"'left' waits for a {lock} held by right"
    right = f"'right' waits for a {lock} held by left"
    assert left in told.headline
    assert right in told.headline
    assert "raft.py:" in told.evidence
    assert "with second:" in told.evidence
    assert "thread 'left'" in told.evidence


def test_it_is_found_at_once_though_timers_run_on(lab):
    world = lab.world(lab.raft(CIRCLE.replace("LOCK", "Lock")))
    with pytest.raises(SubmissionError):
        world.sleep_ns(10 * SECOND)
    assert world.now_ns < 0.2 * SECOND


def test_a_circle_of_three_is_found(lab):
    body = """
    def boot(self):
        locks = [threading.Lock() for _ in range(3)]
        for n in range(3):
            args = locks[n], locks[(n + 1) % 3]
            threading.Thread(target=self.work, args=args, name=f"t{n}").start()
    def work(self, first, second):
        with first:
            time.sleep(0.1)
            second.acquire()
    """
    told = deadlock(lab, body)
    for n in range(3):
        assert f"'t{n}' waits for a Lock held by t{(n + 1) % 3}" in told.headline


def test_a_lock_taken_twice_by_one_thread_is_found(lab):
    body = """
    def boot(self):
        self.lock = threading.Lock()
    def start(self):
        with self.lock:
            self.step_down()
    def step_down(self):
        with self.lock:
            pass
    """
    told = deadlock(lab, body, act=lambda world: world.invoke(0, "start"))
    assert "thread 'start()' waits for a lock that it holds itself" in told.headline
    assert "in step_down" in told.evidence
    assert "in start" in told.evidence


def test_a_lock_that_is_never_released_is_found_when_all_is_quiet(lab):
    body = """
    def boot(self):
        self.lock = threading.Lock()
        threading.Thread(target=self.lock.acquire, name="thief").start()
        threading.Timer(1, self.wait).start()
    def wait(self):
        with self.lock:
            pass
    """
    told = deadlock(lab, body, seconds=10)
    assert "held by thief, which has ended" in told.headline


APPLIER = """
    def boot(self):
        self.lock, self.applied = threading.Lock(), 0
        threading.Thread(target=self.apply, name="applier", daemon=True).start()
    def apply(self):
        for n in range(1, 5):
            with self.lock:
                self.applied = n
                INSIDE
            OUTSIDE
    def snapshot(self, index, data):
        with self.lock:
            self.applied = -index
    def look(self):
        return self.applied
"""
PUT = "self.apply_ch.put(ApplyMsg(command_valid=True, command=n, command_index=n))"


def service(lab, world):
    """Take a message, call snapshot after the second, then take the next."""
    waiting, busy = [], []

    def take(_=None):
        busy.clear()
        if waiting:
            host, put_id, index = waiting.pop(0)
            busy.append(1)
            world.step(host, Taken(put_id))
            if index == 2:
                world.invoke_then(host, take, "snapshot", 2, b"")
            else:
                world.after(1000, take)

    def put(host, put_id, message):
        waiting.append((host, put_id, message[2]))
        if not busy:
            busy.append(1)
            world.after(1000, take)

    lab.take_applied(world, put)
    world.start(0)


def test_applying_with_the_lock_that_snapshot_needs_is_explained(lab):
    body = APPLIER.replace("INSIDE", PUT).replace("OUTSIDE", "pass")
    world = lab.world(lab.raft(body), start=False)
    service(lab, world)
    with pytest.raises(SubmissionError) as told:
        world.sleep_ns(SECOND)
    headline = told.value.headline
    assert "thread 'applier' holds a lock in apply_ch.put" in headline
    assert "apply without the lock" in headline
    assert "apply_ch.put(" in told.value.evidence


def test_applying_without_the_lock_is_fine(lab):
    body = APPLIER.replace("INSIDE", "pass").replace("OUTSIDE", PUT)
    world = lab.world(lab.raft(body), start=False)
    service(lab, world)
    world.sleep_ns(20 * SECOND)
    assert world.invoke(0, "look") == 4


HARMLESS = {
    "idle": "pass",
    "waits for a condition": """
        self.condition = threading.Condition()
        def work():
            with self.condition: self.condition.wait()
        threading.Thread(target=work).start()""",
    "waits for an event": "threading.Thread(target=threading.Event().wait).start()",
    "waits for a queue": """
        import queue
        threading.Thread(target=queue.Queue().get).start()
        threading.Thread(target=queue.SimpleQueue().get).start()""",
    "waits for a semaphore": "threading.Thread(target=threading.Semaphore(0).acquire).start()",
    "waits for a pool": """
        from concurrent.futures import ThreadPoolExecutor
        self.pool = ThreadPoolExecutor(2)
        self.pool.submit(len, "x")""",
    "waits for threads that wait": """
        thread = threading.Thread(target=threading.Event().wait)
        thread.start()
        threading.Thread(target=thread.join).start()""",
    "waits for a lock with a time-out": """
        lock = threading.Lock()
        lock.acquire()
        def work():
            while not lock.acquire(timeout=1): pass
        threading.Thread(target=work).start()""",
    "waits for a lock whose holder sleeps": """
        lock = threading.Lock()
        def hold():
            with lock: time.sleep(18)
        def want():
            time.sleep(0.1)
            with lock: pass
        threading.Thread(target=hold).start()
        threading.Thread(target=want).start()""",
    "waits for a lock whose holder calls": """
        lock = threading.Lock()
        def hold():
            with lock: self.peers[0].call("Raft.slow", 1)
        def want():
            time.sleep(0.1)
            with lock: pass
        threading.Thread(target=hold).start()
        threading.Thread(target=want).start()""",
    "uses a lock as a signal between threads": """
        lock = threading.Lock()
        threading.Thread(target=lock.acquire).start()
        def later():
            time.sleep(3)
            lock.release()
        def want():
            time.sleep(1)
            for _ in range(5):
                thread = threading.Thread(target=lambda: lock.acquire() and lock.release())
                thread.start()
                thread.join()
        threading.Thread(target=later).start()
        threading.Thread(target=want).start()""",
}  # fmt: skip


@pytest.mark.parametrize("what", HARMLESS)
def test_not_taken_for_a_deadlock(lab, what):
    body = f"""
    def boot(self):
        {HARMLESS[what].strip()}
    def slow(self, _):
        time.sleep(15)
    def look(self):
        return "alive"
    """
    world = lab.world(lab.raft(body))
    world.sleep_ns(20 * SECOND)
    assert world.invoke(0, "look") == "alive"


def test_locks_held_in_another_server_are_none_of_this_ones(lab):
    body = """
    def boot(self):
        self.lock = threading.Lock()
        self.lock.acquire()
    def take(self):
        return self.lock.acquire(timeout=1)
    """
    world = lab.world(lab.raft(body), servers=3)
    assert [world.invoke(server, "take") for server in range(3)] == [False] * 3


HOLDS_A_LOCK = """
    def boot(self):
        self.lock = threading.Lock()
        threading.Thread(target=self.work).start()
        threading.Thread(target=self.other).start()
    def work(self):
        while True:
            with self.lock:
                SLOW
            time.sleep(0.01)
    def other(self):
        while True:
            time.sleep(0.004)
            with self.lock:
                pass
    def ping(self, args):
        return args
"""


@pytest.mark.parametrize(
    ("slow", "what"),
    [
        ("time.sleep(0.1)", "a sleep"),
        ("self.peers[1].call('Raft.ping', 1)", "an RPC"),
        ("self.apply_ch.put(ApplyMsg(command_valid=True))", "apply_ch.put"),
    ],
)
def test_a_lock_held_across_something_slow_is_pointed_out_once(lab, slow, what):
    world = lab.world(lab.raft(HOLDS_A_LOCK.replace("SLOW", slow)), servers=2)
    world.sleep_ns(SECOND)
    ((warning, code),) = world.warnings.items()
    assert code.name == "lock-held-across-wait"
    assert warning.startswith(f"a lock is held across {what} at raft.py:")
    assert "other threads have to wait" in warning


@pytest.mark.parametrize("quick", ["pass", "time.sleep(0)"])
def test_a_lock_held_for_a_moment_is_not_pointed_out(lab, quick):
    world = lab.world(lab.raft(HOLDS_A_LOCK.replace("SLOW", quick)), servers=2)
    world.sleep_ns(SECOND)
    assert not world.warnings


def test_a_lock_that_serves_as_a_signal_is_no_deadlock(lab):
    body = """
    def boot(self):
        self.signal = threading.Lock()
        threading.Thread(target=self.wait_twice).start()
        threading.Thread(target=self.release_later).start()
    def wait_twice(self):
        self.signal.acquire()
        self.signal.acquire()
        print("signalled")
    def release_later(self):
        time.sleep(8)
        self.signal.release()
    """
    world = lab.world(lab.raft(body))
    world.sleep_ns(9 * SECOND)
    assert [line for _, _, line in world.log] == ["signalled"]


def test_the_culprits_stand_first_and_idle_threads_once(lab):
    body = """
    def boot(self):
        self.never, self.a, self.b = threading.Event(), threading.Lock(), threading.Lock()
        for n in range(30):
            threading.Thread(target=self.never.wait, name=f"idle {n}").start()
        for pair in (self.a, self.b), (self.b, self.a):
            threading.Thread(target=self.take, args=pair, name="taker").start()
    def take(self, first, second):
        with first:
            time.sleep(0.1)
            with second:
                pass
    """
    told = deadlock(lab, body, seconds=1)
    first, second, *_ = told.evidence.split("\n  thread ")
    assert first.startswith("  thread 'taker' waits for a Lock held by taker")
    assert first.endswith("so does 'taker'")
    assert second.startswith("'idle 0' waits for a notification")
    assert second.endswith("so does 'idle 1', 'idle 2', 'idle 3' and 26 more")


STUCK = """
    def boot(self):
        self.lock, self.answered = threading.Lock(), threading.Event()
        threading.Thread(target=self.ticks, daemon=True).start()
        threading.Thread(target=self.answer, name="answerer", daemon=True).start()
    def ticks(self):
        while True:
            time.sleep(0.05)
    def answer(self):
        time.sleep(0.1)
        LOCK
            self.answered.set()
    def ask(self):
        with self.lock:
            WAIT
    def wait(self):
        threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("wait", "reason"),
    [
        (
            "self.answered.wait()",
            "a notification (Condition, Event, Semaphore or queue)",
        ),
        ("while not self.answered.is_set(): time.sleep(0.1)", "sleep"),
    ],
)
def test_whoever_knows_that_calls_are_stuck_learns_of_the_lock(lab, wait, reason):
    body = STUCK.replace("LOCK", "with self.lock:").replace("WAIT", wait)
    world = lab.world(lab.raft(body))
    box = world.hosts[0].box
    world.invoke_then(world.hosts[0], print, "ask")
    # Timers go on, so it is no deadlock by itself, however long it lasts.
    world.sleep_ns(4 * SECOND)
    assert box.stuck()[0] == ""
    world.sleep_ns(10 * SECOND)
    words, where = box.stuck()
    assert words.startswith(
        "deadlock: 'answerer' waits for a Lock held by ask() at raft.py"
    )
    assert f"'ask()' waits for {reason} at raft.py:" in words
    assert where.index("thread 'answerer'") < where.index("thread 'ask()'")


def test_a_lock_that_no_call_needs_is_not_at_fault_and_calls_are_shown(lab):
    body = STUCK.replace("LOCK", "with self.lock:").replace("WAIT", "pass")
    world = lab.world(
        lab.raft(
            body
            + """
    def hold(self):
        with self.lock: self.answered.wait()
    def start(self):
        threading.Thread(target=self.hold, daemon=True).start()
        time.sleep(0.01)
        threading.Thread(target=self.ask, daemon=True).start()
    """
        )
    )
    world.invoke(0, "start")
    world.invoke_then(world.hosts[0], print, "wait")
    world.sleep_ns(10 * SECOND)
    words, where = world.hosts[0].box.stuck()
    assert words == ""
    assert where.startswith("thread 'wait()' waits for a notification")
    assert "thread 'ask" not in where


def test_coroutines_are_shown_where_a_call_is_open(lab):
    body = """
    def boot(self):
        self.lock = asyncio.Lock()
    async def ask(self):
        async with self.lock: await asyncio.Event().wait()
    """
    world = lab.world(lab.raft(body, head="import asyncio"))
    assert world.hosts[0].box.stuck() == ("", "")
    for _ in range(2):
        world.invoke_then(world.hosts[0], print, "ask")
    world.sleep_ns(10 * SECOND)
    words, where = world.hosts[0].box.stuck()
    assert words.startswith(
        "deadlock: 'ask()' waits for an asyncio.Lock held by 'ask()'"
    )
    assert where.startswith("asyncio task 'ask()' waits for an asyncio.Lock held by")
    assert where.count("in ask") == 2


TASKS = """
    def boot(self):
        self.lock, self.answered = asyncio.Lock(), asyncio.Event()
        asyncio.ensure_future(self.run())
    async def run(self):
        while True:
            await asyncio.sleep(0.1)
            RUN
    async def answer(self):
        async with self.lock: self.answered.set()
    async def ask(self):
        async with self.lock: ASK
    async def leave(self):
        await self.lock.acquire()
"""
HOLDS = "'Task-1' (Raft.run) waits for an asyncio.Lock held by 'ask()' at raft.py:"


@pytest.mark.parametrize(
    ("run", "ask", "first", "words"),
    [
        ("await self.answer()", "await self.answered.wait()", "ask", HOLDS),
        (
            "pass",
            "await self.answer()",
            "ask",
            "'ask()' waits for an asyncio.Lock that",
        ),
        ("pass", "pass", "leave", "an asyncio.Lock held by 'leave()', which has ended"),
        ("await self.answer()", "await asyncio.sleep(1)", "ask", ""),
        (
            "async with self.lock: await self.answered.wait()",
            "pass",
            "ask",
            "'ask()' waits for an asyncio.Lock held by 'Task-1' (Raft.run) at raft.py:",
        ),
    ],
)
def test_the_lock_of_tasks_is_named_with_who_holds_it(lab, run, ask, first, words):
    body = TASKS.replace("RUN", run).replace("ASK", ask)
    world = lab.world(lab.raft(body, head="import asyncio"))
    world.sleep_ns(SECOND // 20)
    for method in (first, "ask"):
        world.invoke_then(world.hosts[0], print, method)
        world.sleep_ns(SECOND)
    world.sleep_ns(6 * SECOND)
    found, where = world.hosts[0].box.stuck()
    assert words in found
    assert (found == "") == (words == "")
    if words:
        assert found.startswith("deadlock: ")
        assert words.split(" at ")[0] in where


def test_a_lock_of_tasks_that_was_cancelled_or_released_has_no_holder(lab):
    body = """
    async def try_it(self):
        lock = asyncio.Lock()
        await lock.acquire()
        try: await asyncio.wait_for(lock.acquire(), 0.1)
        except asyncio.TimeoutError: pass
        lock.release()
        async with lock, asyncio.timeout(1): await asyncio.sleep(0.1)
        await asyncio.Event().wait()
    """
    world = lab.world(lab.raft(body, head="import asyncio"))
    world.invoke_then(world.hosts[0], print, "try_it")
    world.sleep_ns(10 * SECOND)
    words, where = world.hosts[0].box.stuck()
    assert words == ""
    assert where.startswith("asyncio task 'try_it()'\n")
    assert "asyncio.Event().wait()" in where
