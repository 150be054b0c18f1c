"""Locks and conditions: simulated ones do what the real ones do.

Each program runs inside a box and on real threads, with the same result.
"""

import pytest

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


@program
def lock_excludes_and_gives_up():
    import threading

    lock = threading.Lock()
    got = [lock.acquire(), lock.acquire(blocking=False), lock.acquire(timeout=0.002)]
    got += [lock.acquire(timeout=0), lock.acquire(False), lock.locked()]
    lock.release()
    got += [lock.locked(), lock.acquire(timeout=0.002)]
    return got


@program
def lock_misuse_raises_as_the_real_one():
    import threading

    def told(function, *args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception as exc:
            return type(exc).__name__

    results = []
    for make in (threading.Lock, threading.RLock):
        lock = make()
        results.append(told(lock.release))
        results.append(told(lock.acquire, False, 1))
        results.append(told(lock.acquire, timeout=-2))
        results.append(told(lock.acquire, timeout=threading.TIMEOUT_MAX * 10))
        results.append(told(lock.acquire, timeout="soon"))
        results.append(lock.acquire())
        lock.release()
    return results


@program
def lock_may_be_released_by_another_thread_and_rlock_not():
    import threading

    def release(lock):
        try:
            lock.release()
            results.append("released")
        except RuntimeError as exc:
            results.append(str(exc))

    results = []
    for lock in (threading.Lock(), threading.RLock()):
        lock.acquire()
        thread = threading.Thread(target=release, args=(lock,))
        thread.start()
        thread.join()
    return results


@program
def lock_keeps_increments_apart():
    import threading
    import time

    class Counter:
        n = 0

    def work():
        for _ in range(3):
            with lock:
                seen = Counter.n
                time.sleep(0)
                Counter.n = seen + 1

    lock = threading.Lock()
    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter.n


@program
def rlock_is_taken_again_by_its_holder_only():
    import threading

    lock = threading.RLock()
    got = []

    def other():
        got.append(lock.acquire(timeout=0.002))

    def try_other():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    with lock:
        with lock:
            try_other()
        try_other()
    try_other()
    return got


@program
def condition_waits_and_notifies():
    import threading

    items, seen = [], []
    condition = threading.Condition()

    def consumer():
        with condition:
            while len(seen) < 3:
                while not items:
                    condition.wait()
                seen.append(items.pop(0))
                condition.notify()

    thread = threading.Thread(target=consumer)
    thread.start()
    for i in range(3):
        with condition:
            items.append(i)
            condition.notify()
    thread.join()
    return seen


@program
def condition_times_out_and_answers_with_bools():
    import threading

    condition = threading.Condition(threading.Lock())
    with condition:
        plain = condition.wait(0.002)
        at_once = condition.wait(0)
        predicate = condition.wait_for(lambda: False, timeout=0.002)
        value = condition.wait_for(lambda: "yes", timeout=0.002)
    return plain, at_once, predicate, value


@program
def condition_without_its_lock_raises():
    import threading

    def told(function):
        try:
            function()
        except RuntimeError as exc:
            return str(exc)

    results = []
    for condition in (threading.Condition(), threading.Condition(threading.Lock())):
        results += map(told, [condition.wait, condition.notify, condition.notify_all])
        results.append(told(condition.release) is not None)
    return results


@program
def condition_wakes_one_some_or_all():
    import threading

    condition = threading.Condition()
    waiting, woken = [], []

    def wait(n):
        with condition:
            waiting.append(n)
            condition.wait()
            woken.append(n)

    def until(done):
        while not done():
            with condition:
                condition.wait(0.001)

    threads = [threading.Thread(target=wait, args=(n,)) for n in range(5)]
    counts = []
    for thread in threads:
        thread.start()
    until(lambda: len(waiting) == 5)
    with condition:
        condition.notify()
    until(lambda: len(woken) == 1)
    counts.append(len(woken))
    with condition:
        condition.notify(2)
    until(lambda: len(woken) == 3)
    with condition:
        condition.notify_all()
    for thread in threads:
        thread.join()
    return counts, sorted(woken)


@program
def condition_lets_a_recursive_lock_go_wholly():
    import threading

    condition = threading.Condition(threading.RLock())
    log = []

    def notify():
        with condition:
            log.append("in")
            condition.notify()

    with condition, condition:
        thread = threading.Thread(target=notify)
        thread.start()
        log.append(condition.wait(5))
        log.append("still held")
    thread.join()
    return log


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_same_on_simulated_and_real_threads(function, same_for_real):
    same_for_real(function)


def test_rlock_left_by_an_ended_thread_belongs_to_no_later_thread(lab):
    def left():
        import threading

        lock, got = threading.RLock(), []
        holder = threading.Thread(target=lock.acquire)
        holder.start()
        holder.join()
        # Later threads run on greenlets that earlier ones have used.
        for _ in range(5):
            thread = threading.Thread(target=lambda: got.append(lock.acquire(False)))
            thread.start()
            thread.join()
        return got

    assert lab.run(left) == [False] * 5
