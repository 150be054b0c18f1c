"""The world: virtual time, crashes, the apply channel, scenario threads."""

from itertools import pairwise

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.errors import SubmissionError
from labrpc.scheduling import scheduler
from labrpc.scheduling.greenlets import FRAMES_MAX
from labrpc.world.events import Taken
from labrpc.world.recorder import DigestRecorder
from labrpc.world.streams import stream

TICKER = """
    def boot(self):
        self.ticks = []
        threading.Thread(target=self.tick, daemon=True).start()
    def tick(self):
        while True:
            self.ticks.append(time.monotonic())
            time.sleep(0.25)
    def look(self):
        return self.ticks
"""


def test_virtual_time_moves_exactly(lab):
    world = lab.world(lab.raft("pass"), start=False)
    seen = []
    for delay_ns in (5, 3, 10**12 + 1):
        world.after(delay_ns, lambda: seen.append(world.now_ns))
    world.sleep_ns(4)
    assert (world.now_ns, seen) == (4, [3])
    world.sleep_ns(1)
    assert (world.now_ns, seen) == (5, [3, 5])
    world.sleep_ns(10**13)
    assert (world.now_ns, seen) == (5 + 10**13, [3, 5, 10**12 + 1])


def test_a_sleeping_thread_wakes_at_the_nanosecond(lab):
    body = """
    def nap(self, seconds):
        before = time.monotonic_ns()
        time.sleep(seconds)
        return time.monotonic_ns() - before
    """
    world = lab.world(lab.raft(body))
    before_ns = world.now_ns
    # Reading the clock takes a microsecond each time.
    assert world.invoke(0, "nap", 1.5) == 1_500_001_000
    assert world.now_ns - before_ns >= 1_500_000_000


def test_time_does_not_depend_on_work_done_between_waits(lab):
    body = TICKER.replace("while True:", "while True:\n            sum(range(20000))")
    world = lab.world(lab.raft(body))
    world.sleep_ns(SECOND)
    ticks = world.invoke(0, "look")
    steps = [round((b - a) * SECOND) for a, b in pairwise(ticks)]
    assert steps == [250_001_000] * 3


DIGS = """
    def look(self):
        return self.dig(1)
    def dig(self, depth):
        try:
            return self.dig(depth + 1)
        except RecursionError:
            return depth
"""


def test_a_thread_recurses_equally_deep_wherever_the_lab_stands(lab, monkeypatch):
    def deeper(frames, function):
        return deeper(frames - 1, function) if frames else function()

    def depth():
        # Threads of earlier worlds are used again, and stand where they stood.
        monkeypatch.setattr(scheduler, "_idle", [])
        return lab.world(lab.raft(DIGS)).invoke(0, "look")

    depths = [deeper(frames, depth) for frames in (0, 100, 300)]
    assert depths == [depths[0]] * 3
    assert 0.9 * 1000 < depths[0] <= FRAMES_MAX


def test_a_loop_that_spins_on_the_clock_gets_somewhere(lab):
    body = """
    def spin(self):
        until = time.time() + 0.002
        while time.time() < until:
            pass
        return True
    """
    world = lab.world(lab.raft(body))
    before_ns = world.now_ns
    assert world.invoke(0, "spin")
    assert 2 * MILLISECOND <= world.now_ns - before_ns < 5 * MILLISECOND


@pytest.mark.parametrize("wait", ["time.sleep(0)", "lock.acquire(timeout=1e-12)",
                                  "condition.wait(1e-12)", "event.wait(1e-15)"])  # fmt: skip
def test_the_shortest_waits_move_time(lab, wait):
    body = f"""
    def spin(self):
        lock, event, condition = threading.Lock(), threading.Event(), threading.Condition()
        before = time.monotonic_ns()
        with condition:
            lock.acquire()
            for _ in range(20):
                {wait}
        return time.monotonic_ns() - before
    """
    assert lab.world(lab.raft(body)).invoke(0, "spin") >= 20 * 50_000


def test_a_time_out_that_was_not_needed_does_not_end_a_later_wait(lab):
    body = """
    def wait(self):
        locks, slept = [threading.Lock() for _ in range(5)], []
        def later():
            time.sleep(0.5)
            for lock in locks: lock.release()
        def work(lock):
            # All of these time-outs, needed or not, end at the same instant.
            assert lock.acquire(timeout=1)
            before = time.monotonic()
            time.sleep(3)
            slept.append(round(time.monotonic() - before, 3))
        for lock in locks: lock.acquire()
        threads = [threading.Thread(target=later)]
        threads += [threading.Thread(target=time.sleep, args=(1,)) for _ in range(5)]
        threads += [threading.Thread(target=work, args=(lock,)) for lock in locks]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        return slept
    """
    assert lab.world(lab.raft(body)).invoke(0, "wait") == [3.0] * 5


def test_equal_times_are_ordered_by_the_seed(lab):
    def order(seed):
        world = lab.world(lab.raft("pass"), start=False, seed=seed)
        seen = []
        for n in range(20):
            world.after(1000, lambda n=n: seen.append(n))
        world.sleep_ns(1000)
        return seen

    assert sorted(order("a")) == list(range(20))
    assert order("a") == order("a")
    assert order("a") != order("b")
    assert order("a") != sorted(order("a"))


def test_ready_threads_run_in_an_order_of_the_seeds(lab):
    body = """
    def race(self):
        order = []
        threads = [threading.Thread(target=order.append, args=(n,)) for n in range(9)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        return order
    """

    def order(seed):
        return lab.world(lab.raft(body), seed=seed).invoke(0, "race")

    assert order("a") == order("a") != order("b")


def test_streams_of_one_seed_are_independent():
    first, second = stream("s", "one"), stream("s", "two")
    expected = [second.random() for _ in range(5)]
    second = stream("s", "two")
    mixed = []
    for _ in range(5):
        first.random()
        mixed.append(second.random())
    assert mixed == expected
    assert [stream("s", "one").random() for _ in range(5)] != expected
    assert stream("t", "two").random() != expected[0]


def test_what_one_server_draws_does_not_shift_another(lab):
    body = """
    def draw(self, times):
        import random
        return [random.random() for _ in range(times)]
    """

    def second(times):
        world = lab.world(lab.raft(body), servers=2)
        world.invoke(0, "draw", times)
        return world.invoke(1, "draw", 3)

    assert second(0) == second(50)


def test_apply_blocks_until_the_message_is_taken(lab):
    body = """
    def boot(self):
        self.done = []
        threading.Thread(target=self.work, daemon=True).start()
    def work(self):
        for n in (1, 2):
            self.apply_ch.put(ApplyMsg(command_valid=True, command=[n], command_index=n))
            self.done.append(n)
    def look(self):
        return self.done
    """
    world = lab.world(lab.raft(body), start=False)
    put = []
    lab.take_applied(world, lambda *applied: put.append(applied))
    world.start(0)
    world.sleep_ns(5 * SECOND)
    assert [message[:3] for _, _, message in put] == [(True, [1], 1)]
    assert world.invoke(0, "look") == []
    world.step(put[0][0], Taken(put[0][1]))
    assert world.invoke(0, "look") == [1]
    assert [message[:3] for _, _, message in put[1:]] == [(True, [2], 2)]


def test_only_plain_apply_messages_are_taken(lab):
    for message, reason in (
        ("5", "takes an ApplyMsg, not a int"),
        ("ApplyMsg(command_valid=True, command=object())", "the ApplyMsg contains a"),
    ):
        world = lab.world(lab.raft(f"def put(self): self.apply_ch.put({message})"))
        with pytest.raises(SubmissionError, match=reason):
            world.invoke(0, "put")


def test_a_method_that_is_missing_is_told_with_those_there_are(lab):
    world = lab.world(lab.raft("def GetState(self):\n    return 1, True"))
    with pytest.raises(SubmissionError) as told:
        world.invoke(0, "get_state")
    assert told.value.code.name == "no-such-method"
    assert (
        "no method 'get_state', which the service calls; it has GetState, boot"
        in str(told.value)
    )


def test_a_method_that_does_not_return_is_reported_with_its_place(lab):
    world = lab.world(lab.raft("def start(self):\n    time.sleep(100)"))
    with pytest.raises(SubmissionError) as told:
        world.invoke(0, "start")
    assert "start() of server 0 has not returned for 10 virtual seconds" in str(told.value)  # fmt: skip
    assert "time.sleep(100)" in str(told.value)


def test_scenario_threads_sleep_side_by_side(lab):
    world = lab.world(
        lab.raft("def add(self, n):\n    time.sleep(0.2)\n    return n + 1")
    )
    log = []

    def client(n):
        for _ in range(2):
            world.sleep_ns(n * MILLISECOND)
            log.append((world.now_ns - began_ns, n))
        log.append(world.invoke(0, "add", n))

    began_ns = world.now_ns
    threads = [world.spawn(client, n) for n in (5, 3)]
    assert log == []
    world.join(threads)
    ms = [(at // MILLISECOND, n) for at, n in log[:4]]
    assert ms == [(3, 3), (5, 5), (6, 3), (10, 5)]
    assert log[4:] == [4, 6]
    assert all(thread.ended for thread in threads)


def test_a_scenario_thread_may_start_another(lab):
    world = lab.world(lab.raft("pass"), start=False)
    log = []

    def outer():
        inner_thread = world.spawn(inner)
        world.sleep_ns(3)
        log.append("outer")
        world.join([inner_thread])
        log.append("outer again")

    def inner():
        for _ in range(3):
            world.sleep_ns(2)
            log.append("inner")

    world.join([world.spawn(outer)])
    assert log == ["inner", "outer", "inner", "inner", "outer again"]


def test_an_error_in_a_scenario_thread_ends_the_scenario(lab):
    world = lab.world(lab.raft("pass"), start=False)

    def fail():
        world.sleep_ns(5)
        raise KeyError("client")

    world.spawn(fail)
    with pytest.raises(KeyError, match="client"):
        world.sleep_ns(10)
    assert world.now_ns == 5


def test_closing_ends_scenario_threads_where_they_stand(lab):
    world = lab.world(lab.raft(TICKER), start=False)
    log = []

    def wait():
        try:
            world.sleep_ns(SECOND)
            log.append("woke")
        finally:
            log.append("ended")

    threads = [world.spawn(wait), world.spawn(wait)]
    world.sleep_ns(5)
    world.spawn(wait)
    world.close()
    assert log == ["ended", "ended"]
    assert all(thread.ended for thread in threads)
    assert DigestRecorder().steps == 0
