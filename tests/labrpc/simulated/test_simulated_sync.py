"""Events, semaphores, timers, queues and pools: simulated as real.

Each program runs inside a box and on real threads, with the same result.
"""

import pytest

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


@program
def event_is_waited_for_set_and_cleared():
    import threading

    event = threading.Event()
    seen = [event.is_set(), event.wait(0.002), event.wait(0)]
    thread = threading.Thread(target=event.set)
    thread.start()
    seen += [event.wait(5), event.is_set()]
    thread.join()
    event.clear()
    return [*seen, event.is_set(), event.wait(0.001)]


@program
def a_thread_knows_whether_it_has_started():
    import threading

    class Named(threading.Thread):
        pass

    thread = Named(target=print, name="t", daemon=True)
    seen = [thread.is_alive(), repr(thread)]
    for act in (thread.join, thread.start, thread.start):
        try:
            seen.append(act())
        except RuntimeError as exc:
            seen.append(str(exc))
    thread.join()
    return [*seen, thread.is_alive(), "stopped" in repr(thread)]


@program
def semaphore_counts():
    import threading

    semaphore = threading.Semaphore(2)
    got = [semaphore.acquire(), semaphore.acquire(), semaphore.acquire(False)]
    got.append(semaphore.acquire(timeout=0.002))
    semaphore.release()
    got.append(semaphore.acquire(timeout=0.002))
    semaphore.release(3)
    with semaphore:
        got += [semaphore.acquire(False), semaphore.acquire(False)]
    try:
        threading.Semaphore(-1)
    except ValueError as exc:
        got.append(str(exc))
    return got


@program
def bounded_semaphore_refuses_one_release_too_many():
    import threading

    semaphore = threading.BoundedSemaphore(1)
    semaphore.acquire()
    semaphore.release()
    try:
        semaphore.release()
    except ValueError as exc:
        return str(exc)


@program
def barrier_lets_all_go_together():
    import threading

    barrier = threading.Barrier(3, action=lambda: passed.append("action"))
    passed, places = [], []
    threads = [
        threading.Thread(target=lambda: places.append(barrier.wait())) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return passed, sorted(places), barrier.parties, barrier.n_waiting, barrier.broken


@program
def barrier_breaks_on_timeout_and_abort_and_is_reset():
    import threading

    barrier = threading.Barrier(2)
    seen = []

    def wait(timeout=None):
        try:
            barrier.wait(timeout)
            seen.append("passed")
        except threading.BrokenBarrierError:
            seen.append("broken")

    wait(0.002)
    seen.append(barrier.broken)
    wait()
    barrier.reset()
    seen.append(barrier.broken)
    thread = threading.Thread(target=wait)
    thread.start()
    while not barrier.n_waiting:
        threading.Event().wait(0.001)
    barrier.abort()
    thread.join()
    return seen


@program
def timer_fires_once_unless_cancelled():
    import threading

    fired = []
    timer = threading.Timer(0.002, fired.append, args=["a"], kwargs=None)
    cancelled = threading.Timer(5, fired.append, args=["b"])
    timer.start()
    cancelled.start()
    cancelled.cancel()
    timer.join()
    cancelled.join()
    return fired, timer.finished.is_set(), isinstance(timer, threading.Thread)


@program
def local_is_each_threads_own():
    import threading

    class Mine(threading.local):
        def __init__(self, start):
            self.n = start

    local, mine = threading.local(), Mine(10)
    local.x, mine.n = "main", 11
    seen = []

    def work(value):
        seen.append((hasattr(local, "x"), mine.n))
        local.x = value
        seen.append(local.x)

    for value in ("a", "b"):
        thread = threading.Thread(target=work, args=(value,))
        thread.start()
        thread.join()
    return seen, local.x, mine.n


@program
def contextvars_start_empty_in_every_thread():
    import contextvars
    import decimal
    import threading

    variable = contextvars.ContextVar("v", default="unset")
    seen = []

    def work(n):
        seen.append((variable.get(), decimal.getcontext().prec))
        variable.set(n)
        decimal.getcontext().prec = 5

    for n in range(3):
        thread = threading.Thread(target=work, args=(n,))
        thread.start()
        thread.join()
    return seen


@program
def enumerate_lists_the_living():
    import threading

    gate = threading.Event()
    threads = [threading.Thread(target=gate.wait) for _ in range(3)]
    before = threading.active_count()
    for thread in threads:
        thread.start()
    listed = [t in threading.enumerate() for t in threads]
    here = threading.current_thread() in threading.enumerate()
    more = threading.active_count() - before
    gate.set()
    for thread in threads:
        thread.join()
    return listed, here, more, [t in threading.enumerate() for t in threads]


@program
def excepthook_is_told_of_an_escaped_exception():
    import threading

    told = []
    before = threading.excepthook

    def hook(args):
        told.append((args.exc_type.__name__, str(args.exc_value), args.thread.name))
        told.append(args.exc_traceback is not None)

    def work():
        raise ValueError("wrong")

    threading.excepthook = hook
    try:
        thread = threading.Thread(target=work, name="bad")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    return told, thread.is_alive()


@program
def system_exit_ends_a_thread_silently():
    import sys
    import threading

    log = []

    def work():
        log.append("in")
        sys.exit(3)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return log, thread.is_alive()


@program
def queues_keep_their_order():
    import queue

    results = []
    for make in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
        q = make()
        for n in (2, 1, 3):
            q.put(n)
        results.append((q.qsize(), [q.get() for _ in range(3)], q.empty()))
    return results


@program
def queues_time_out_when_full_or_empty():
    import queue

    def told(function, *args, **kwargs):
        try:
            return function(*args, **kwargs)
        except (queue.Full, queue.Empty, ValueError) as exc:
            return type(exc).__name__

    q, simple = queue.Queue(1), queue.SimpleQueue()
    results = [told(q.get, timeout=0.002), told(q.get_nowait), told(q.get, False)]
    results += [told(q.put, 1), told(q.put, 2, timeout=0.002), told(q.put_nowait, 3)]
    results += [q.full(), told(q.get, timeout=-1), told(q.get)]
    results += [told(simple.get, timeout=0.002), told(simple.get_nowait)]
    return results


@program
def queue_hands_over_between_threads_and_joins():
    import queue
    import threading

    q, out = queue.Queue(2), []

    def work():
        while (item := q.get()) is not None:
            out.append(item * 10)
            q.task_done()
        q.task_done()

    thread = threading.Thread(target=work)
    thread.start()
    for n in range(6):
        q.put(n)
    q.put(None)
    q.join()
    thread.join()
    try:
        q.task_done()
    except ValueError as exc:
        out.append(str(exc))
    return out, q.unfinished_tasks


@program
def simple_queue_hands_over_between_threads():
    import queue
    import threading

    q, back = queue.SimpleQueue(), queue.SimpleQueue()
    thread = threading.Thread(target=lambda: back.put(q.get(timeout=5) + 1))
    thread.start()
    q.put(1)
    result = back.get(timeout=5)
    thread.join()
    return result


@program
def sched_runs_events_by_time_and_priority():
    import sched
    import time

    scheduler = sched.scheduler()
    log = []
    at = time.monotonic() + 0.002
    scheduler.enterabs(at, 2, log.append, ("second",))
    scheduler.enterabs(at, 1, log.append, ("first",))
    scheduler.enter(0.006, 1, log.append, ("last",))
    never = scheduler.enter(0.004, 1, log.append, ("never",))
    scheduler.cancel(never)
    scheduler.run()
    return log, scheduler.empty()


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_same_on_simulated_and_real_threads(function, same_for_real):
    same_for_real(function)
