"""The other standard modules inside a box: they do what the real ones do."""

import pytest

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


@program
def clocks_never_fall_and_sleep_lasts():
    import time
    from itertools import pairwise

    clocks = (time.monotonic, time.time, time.perf_counter, time.monotonic_ns)
    results = []
    for clock in clocks:
        reads = [clock() for _ in range(50)]
        results.append(all(a <= b for a, b in pairwise(reads)))
    before = time.monotonic_ns()
    time.sleep(0.002)
    results.append(time.monotonic_ns() - before >= 2_000_000)
    return results


@program
def sleep_refuses_what_the_real_one_refuses():
    import time

    def told(seconds):
        try:
            time.sleep(seconds)
        except Exception as exc:
            return type(exc).__name__

    bad = (-1, -0.001, "1", None, float("nan"), float("inf"))
    return [told(seconds) for seconds in (0, 0.0, False, *bad)]


@program
def time_formats_given_dates():
    import calendar
    import time

    when = time.gmtime(1_000_000_000)
    return (
        time.strftime("%Y-%m-%d %H:%M:%S", when),
        time.asctime(when),
        tuple(time.strptime("2001-09-09", "%Y-%m-%d"))[:3],
        calendar.timegm(when),
    )


@program
def clocks_are_no_methods_of_a_class_that_keeps_them():
    import time
    from dataclasses import dataclass

    class Timed:
        clock = time.monotonic
        convert = time.gmtime

    @dataclass
    class Given:
        clock: object = time.time

    moved = Timed().clock() <= Timed().clock(), Given().clock() <= Given().clock()
    return moved, Timed().convert(0).tm_year, time.localtime().tm_year > 2000


@program
def seeded_generator_gives_the_real_numbers():
    import random

    rng = random.Random(5)
    items = list(range(20))
    rng.shuffle(items)
    return [
        rng.random(), rng.randint(1, 100), rng.uniform(2, 3), rng.gauss(0, 1),
        rng.choice("abcdef"), rng.sample(range(50), 5), items, rng.randrange(7),
        rng.choices("xyz", weights=[1, 2, 3], k=4), rng.getrandbits(40),
        rng.expovariate(2), rng.randbytes(4), random.Random("text").random(),
    ]  # fmt: skip


@program
def seeded_module_functions_give_the_real_numbers():
    import random

    random.seed(5)
    items = list(range(20))
    random.shuffle(items)
    state = random.getstate()
    numbers = [
        random.random(), random.randint(1, 100), random.uniform(2, 3), items,
        random.choice("abcdef"), random.sample(range(50), 5), random.betavariate(1, 2),
        random.choices("xyz", k=4), random.getrandbits(40), random.triangular(),
    ]  # fmt: skip
    random.setstate(state)
    return numbers, random.random() == numbers[0]


@program
def system_random_and_secrets_work():
    import random
    import secrets

    rng = random.SystemRandom()
    return (
        0 <= rng.random() < 1,
        rng.choice([7]),
        len({rng.getrandbits(64) for _ in range(5)}),
        len(secrets.token_bytes(9)),
        len(secrets.token_hex(4)),
        secrets.randbelow(1),
        secrets.compare_digest("a", "a"),
    )


@program
def unseeded_randomness_is_not_constant():
    import os
    import random
    import uuid

    return (
        len({random.random() for _ in range(10)}),
        len({random.Random().random() for _ in range(10)}),
        len({uuid.uuid4() for _ in range(10)}),
        len({uuid.uuid1() for _ in range(10)}),
        len({os.urandom(8) for _ in range(10)}),
        uuid.uuid4().version,
        str(uuid.uuid5(uuid.NAMESPACE_DNS, "raft")),
    )


@program
def pool_runs_and_reports():
    from concurrent.futures import CancelledError, ThreadPoolExecutor

    def fail():
        raise KeyError("missing")

    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="p") as pool:
        futures = [pool.submit(pow, 2, n) for n in range(5)]
        mapped = list(pool.map(str.upper, ["a", "b", "c"]))
        bad = pool.submit(fail)
        told = type(bad.exception(timeout=5)).__name__
        called = []
        futures[0].add_done_callback(lambda f: called.append(f.result()))
    results = [f.result() for f in futures], mapped, told, called
    try:
        pool.submit(pow, 1, 1)
    except RuntimeError as exc:
        return *results, str(exc), issubclass(CancelledError, Exception)


@program
def pool_waits_for_the_first_and_for_all():
    import threading
    from concurrent.futures import (
        FIRST_COMPLETED,
        ThreadPoolExecutor,
        as_completed,
        wait,
    )

    gate = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(gate.wait, 5)
        fast = pool.submit(pow, 2, 3)
        done, waiting = wait([slow, fast], return_when=FIRST_COMPLETED)
        first = fast in done, slow in waiting
        gate.set()
        everything = len(wait([slow, fast]).not_done)
        results = sorted(f.result() for f in as_completed([slow, fast], timeout=5))
    return first, everything, results


@program
def pool_times_out_and_cancels():
    import threading
    from concurrent.futures import ThreadPoolExecutor, as_completed, wait

    gate = threading.Event()
    pool = ThreadPoolExecutor(1)
    running = pool.submit(gate.wait, 5)
    queued = pool.submit(pow, 2, 3)
    results = [len(wait([running], timeout=0.002).not_done)]
    try:
        running.result(timeout=0.002)
    except TimeoutError:
        results.append("timed out")
    try:
        list(as_completed([running], timeout=0.002))
    except TimeoutError:
        results.append("timed out")
    results += [queued.cancel(), queued.cancelled(), running.cancel()]
    gate.set()
    pool.shutdown(wait=True, cancel_futures=True)
    return results, running.done()


@program
def datetime_keeps_its_types():
    import datetime as dt
    import pickle
    from copy import deepcopy

    now, today = dt.datetime.now(), dt.date.today()
    given = dt.datetime(2001, 2, 3, 4, 5, tzinfo=dt.UTC)
    later = now + dt.timedelta(seconds=1)
    return (
        isinstance(now, dt.datetime), isinstance(now, dt.date), now.tzinfo,
        isinstance(now.date(), dt.date), isinstance(today, dt.date),
        isinstance(today, dt.datetime), later > now, (later - now).total_seconds(),
        dt.datetime.now(dt.UTC).tzinfo is dt.UTC, given.isoformat(),
        deepcopy(given) == given, pickle.loads(pickle.dumps(given)) == given,
        isinstance(pickle.loads(pickle.dumps(now)), dt.datetime),
        abs(now.timestamp() - dt.datetime.now(dt.UTC).timestamp()) < 5,
        dt.datetime.fromtimestamp(0, dt.UTC).year, given.strftime("%d.%m.%y"),
    )  # fmt: skip


@program
def uuids_are_pickled_and_compared():
    import copy
    import pickle
    import uuid

    made = uuid.uuid4()
    return pickle.loads(pickle.dumps(made)) == made, copy.copy(made) == made


@program
def context_managers_and_functools_work():
    import contextlib
    import functools
    import threading

    log = []

    @contextlib.contextmanager
    def noted(name):
        log.append(f"in {name}")
        try:
            yield name
        finally:
            log.append(f"out {name}")

    class Lazy:
        @functools.cached_property
        def value(self):
            log.append("computed")
            return 5

    @functools.lru_cache
    def square(n):
        log.append(n)
        return n * n

    lock = threading.Lock()
    with contextlib.ExitStack() as stack:
        stack.enter_context(noted("a"))
        stack.enter_context(lock)
        lazy = Lazy()
        log.append(lazy.value + lazy.value + square(3) + square(3))
    with contextlib.suppress(KeyError), noted("b"):
        raise KeyError
    return log, lock.locked(), functools.reduce(int.__add__, [1, 2])


DATACLASSES = """
from __future__ import annotations
import copy, enum, pickle, typing
from dataclasses import asdict, dataclass, field, replace

class Kind(enum.Enum):
    A = "a"
    B = ("b", 2)

class Flags(enum.IntFlag):
    X = 1
    Y = 2

@dataclass
class Entry:
    term: int
    command: typing.Any = None
    next: Entry | None = None
    tags: list[str] = field(default_factory=list)
    LIMIT: typing.ClassVar[int] = 7

@dataclass(frozen=True, slots=True)
class Args:
    term: int
    entries: tuple[Entry, ...] = ()
    kind: Kind = Kind.A

class Pair(typing.NamedTuple):
    left: int
    right: Entry

def program():
    entry = Entry(1, {"k": Kind.B}, Entry(2, Flags.X | Flags.Y), ["t"])
    args = Args(3, (entry, entry))
    sent = pickle.loads(pickle.dumps(args))
    copied = copy.deepcopy(entry)
    hints = typing.get_type_hints(Entry)
    return (
        sent == args, sent.entries[0] is sent.entries[1], type(sent) is Args,
        copied == entry, copied is not entry, copied.command["k"] is Kind.B,
        sorted(hints), hints["term"] is int, asdict(replace(entry, term=9, next=None,
        command=None)), repr(Pair(1, Entry(2))), Entry(1) == Entry(1),
        pickle.loads(pickle.dumps(Pair(1, entry))) == Pair(1, entry),
        pickle.dumps(entry) == pickle.dumps(entry), Flags(3).name,
    )
"""


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_same_on_simulated_and_real_modules(function, same_for_real):
    same_for_real(function)


def test_same_dataclasses_enums_and_pickles(same_for_real):
    same_for_real(DATACLASSES)
