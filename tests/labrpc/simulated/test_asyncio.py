"""The simulated `asyncio` does what the real one does.

Each coroutine runs twice: inside a box in virtual time, and on the real
`asyncio` with time-outs of a few milliseconds. It must return the same.
"""

import asyncio
import functools
import inspect
import selectors
import textwrap
import time

import pytest

from ..conftest import run_for_real

PROGRAMS = []
STALL_S = 0.01


class SteadyClock(selectors.DefaultSelector):
    """A selector with a clock that moves only when a wait ends in silence.

    The clock moves by exactly the time that the loop asked to wait. On the
    machine's own clock, a loop that gets no processor for a while finds timers
    due together that are milliseconds apart, and their order is lost.
    """

    now_s = 0.0

    def select(self, timeout=None):
        """Wait really, since other threads may wake the loop meanwhile."""
        ready = super().select(timeout)
        if timeout and not ready:
            self.now_s += timeout
        return ready


class SteadyLoop(asyncio.SelectorEventLoop):
    """The real event loop on a steady clock."""

    def __init__(self, clock=None):
        self.clock = clock or SteadyClock()
        super().__init__(self.clock)

    def time(self):
        return self.clock.now_s


def stalling(selector):
    """Return a selector on a busy machine: after each wait it gets no processor."""
    select = selector.select

    def select_late(timeout=None):
        ready = select(timeout)
        time.sleep(STALL_S)
        return ready

    selector.select = select_late
    return selector


def on_real_asyncio(function, loop_factory=SteadyLoop):
    """Run a coroutine on the real `asyncio`."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(function())


def program(function):
    PROGRAMS.append(function)
    return function


@program
async def tasks_take_turns_in_order():
    log = []

    async def work(n):
        for i in range(3):
            log.append((n, i))
            await asyncio.sleep(0)
        return n

    tasks = [asyncio.create_task(work(n), name=f"t{n}") for n in range(3)]
    results = [await t for t in tasks]
    return log, results, [t.get_name() for t in tasks]


@program
async def sleeps_end_in_order_of_time():
    log = []

    async def nap(n):
        result = await asyncio.sleep(n / 100, result=n)
        log.append(result)

    await asyncio.gather(*(nap(n) for n in (3, 1, 2)))
    return log


@program
async def gather_returns_exceptions():
    async def fail(n):
        raise ValueError(n)

    got = await asyncio.gather(asyncio.sleep(0, 1), fail(2), return_exceptions=True)
    try:
        await asyncio.gather(asyncio.sleep(0.001, 1), fail(3))
    except ValueError as exc:
        return [repr(x) for x in got], repr(exc)


@program
async def task_group_cancels_the_others():
    log = []

    async def wait():
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def fail():
        await asyncio.sleep(0.001)
        raise KeyError("x")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(wait())
            group.create_task(wait())
            group.create_task(fail())
    except* KeyError as exc:
        log.append(repr(exc.exceptions))
    return log


@program
async def wait_by_each_condition():
    async def work(n, fails=False):
        await asyncio.sleep(n / 100)
        if fails:
            raise OSError(n)
        return n

    log = []
    for when in ("FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"):
        tasks = [asyncio.create_task(work(*a)) for a in ((1,), (3, True), (5,))]
        done, pending = await asyncio.wait(tasks, return_when=when)
        log.append(([t in done for t in tasks], len(pending)))
        await asyncio.gather(*tasks, return_exceptions=True)
    tasks = [asyncio.create_task(work(n)) for n in (0, 30)]
    done, pending = await asyncio.wait(tasks, timeout=0.01)
    log.append([t in done for t in tasks])
    pending.pop().cancel()
    return log


@program
async def wait_for_and_timeout_cancel():
    log = []

    async def stubborn():
        try:
            await asyncio.sleep(9)
        finally:
            log.append("finally")

    for _ in range(2):
        try:
            await asyncio.wait_for(stubborn(), 0.002)
        except TimeoutError as exc:
            log.append(type(exc).__name__)
    try:
        async with asyncio.timeout(0.002) as scope:
            await stubborn()
    except TimeoutError:
        log.append(scope.expired())
    async with asyncio.timeout(None) as scope:
        scope.reschedule(asyncio.get_running_loop().time() + 9)
    log.append(await asyncio.wait_for(asyncio.sleep(0, "in time"), 9))
    return log


@program
async def cancellation_reaches_the_innermost_await():
    log = []

    async def inner():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as exc:
            log.append(exc.args)
            raise

    task = asyncio.create_task(inner())
    await asyncio.sleep(0)
    log.append(task.cancel("why"))
    try:
        await task
    except asyncio.CancelledError:
        log.append((task.cancelled(), task.done(), task.cancelling(), task.cancel()))
    shielded = asyncio.create_task(asyncio.sleep(0.002, "kept"))
    outer = asyncio.ensure_future(asyncio.shield(shielded))
    await asyncio.sleep(0)
    outer.cancel()
    log.append(await shielded)
    return log


@program
async def lock_is_fair():
    lock, log = asyncio.Lock(), []

    async def work(n):
        async with lock:
            log.append(("in", n, lock.locked()))
            await asyncio.sleep(0.001)
            log.append(("out", n))

    await asyncio.gather(*(work(n) for n in range(4)))
    return log, lock.locked()


@program
async def event_and_condition_wake_waiters():
    event, condition, log = asyncio.Event(), asyncio.Condition(), []

    async def wait(n):
        await event.wait()
        async with condition:
            await condition.wait_for(lambda: len(log) >= n)
            log.append(n)
            condition.notify_all()

    tasks = [asyncio.create_task(wait(n)) for n in (2, 0, 1)]
    await asyncio.sleep(0)
    before = event.is_set(), list(log)
    event.set()
    await asyncio.gather(*tasks)
    event.clear()
    return before, log, event.is_set()


@program
async def semaphore_bounds_how_many_run():
    semaphore, running, most = asyncio.BoundedSemaphore(2), [], []

    async def work(n):
        async with semaphore:
            running.append(n)
            most.append(len(running))
            await asyncio.sleep(0.001)
            running.remove(n)

    await asyncio.gather(*(work(n) for n in range(5)))
    try:
        semaphore.release()
    except ValueError as exc:
        return max(most), str(exc)


@program
async def barrier_lets_all_go_at_once():
    barrier, log = asyncio.Barrier(3), []

    async def work(n):
        log.append(n)
        await barrier.wait()
        log.append("go")

    await asyncio.gather(*(work(n) for n in range(3)))
    return log


@program
async def queues_of_all_kinds():
    queue, log = asyncio.Queue(2), []

    async def produce():
        for n in range(5):
            await queue.put(n)
            log.append(("put", n))

    async def consume():
        while True:
            log.append(("got", await queue.get()))
            queue.task_done()

    consumer = asyncio.create_task(consume())
    await produce()
    await queue.join()
    consumer.cancel()
    for n in range(2):
        queue.put_nowait(n)
    try:
        queue.put_nowait(3)
    except asyncio.QueueFull:
        log.append("full")
    lifo, best = asyncio.LifoQueue(), asyncio.PriorityQueue()
    for n in (2, 1, 3):
        lifo.put_nowait(n)
        best.put_nowait(n)
    log.append([(lifo.get_nowait(), best.get_nowait()) for _ in range(3)])
    try:
        await asyncio.wait_for(lifo.get(), 0.001)
    except TimeoutError:
        log.append("empty")
    return log


@program
async def futures_and_callbacks():
    loop, log = asyncio.get_running_loop(), []
    future = loop.create_future()
    future.add_done_callback(lambda f: log.append(("callback", f.result())))
    loop.call_soon(log.append, "soon")
    loop.call_later(0.004, log.append, "later")
    loop.call_at(loop.time() + 0.002, future.set_result, 7)
    cancelled = loop.call_later(0.001, log.append, "never")
    cancelled.cancel()
    log.append(await future)
    await asyncio.sleep(0.01)
    try:
        future.set_result(8)
    except asyncio.InvalidStateError as exc:
        log.append(type(exc).__name__)
    return log, cancelled.cancelled(), future.done()


@program
async def threads_and_the_loop():
    import threading

    loop, log = asyncio.get_running_loop(), []
    here = threading.get_ident()

    def work(n):
        log.append(threading.get_ident() != here)
        loop.call_soon_threadsafe(log.append, "from a thread")
        other = asyncio.run_coroutine_threadsafe(asyncio.sleep(0.001, n), loop)
        return other.result(5)

    log.append(await asyncio.to_thread(work, 3))
    log.append(await loop.run_in_executor(None, work, 4))
    try:
        await asyncio.to_thread(int, "x")
    except ValueError as exc:
        log.append(str(exc))
    return log


@program
async def blocking_calls_stop_the_loop():
    import time

    log = []
    task = asyncio.create_task(asyncio.sleep(0.001, "task"))
    task.add_done_callback(lambda t: log.append(t.result()))
    await asyncio.sleep(0)
    time.sleep(0.01)
    log.append("slept")
    await task
    return log


@program
async def context_variables_belong_to_tasks():
    import contextvars
    import threading

    var = contextvars.ContextVar("var", default=0)
    log = []

    async def work(n):
        log.append(var.get())
        var.set(n)
        await asyncio.sleep(0.02 * n)
        log.append(var.get())
        log.append(await asyncio.to_thread(var.get))

    var.set(9)
    await asyncio.gather(work(1), work(2))
    thread = threading.Thread(target=lambda: log.append(var.get()))
    thread.start()
    thread.join()
    return log, var.get()


@program
async def async_iteration_and_contexts():
    import contextlib

    log = []

    @contextlib.asynccontextmanager
    async def scope(name):
        log.append(f"enter {name}")
        try:
            yield name
        finally:
            await asyncio.sleep(0)
            log.append(f"exit {name}")

    async def numbers():
        for n in range(3):
            await asyncio.sleep(0)
            yield n

    async with scope("a"), contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(scope("b"))
        log.append([n async for n in numbers() if n])
        async with contextlib.aclosing(numbers()) as some:
            async for _ in some:
                break
    return log


@program
async def as_completed_in_order_of_time():
    naps = [asyncio.sleep(n / 100, n) for n in (3, 1, 2)]
    return [await first for first in asyncio.as_completed(naps)]


@program
async def who_runs():
    async def name():
        return asyncio.current_task().get_name(), len(asyncio.all_tasks())

    task = asyncio.create_task(name(), name="other")
    here = asyncio.current_task().get_name().startswith("Task-")
    got = await task
    loop = asyncio.get_running_loop()
    return here, got, loop.is_running(), loop is asyncio.get_event_loop()


@program
async def nested_run_is_refused():
    coroutine = asyncio.sleep(0)
    try:
        asyncio.run(coroutine)
    except RuntimeError as exc:
        coroutine.close()
        return str(exc)


@program
async def loops_in_threads_of_their_own():
    def run(n):
        async def main():
            await asyncio.sleep(0.001 * n)
            return n, asyncio.get_running_loop() is not outer

        return asyncio.run(main())

    outer = asyncio.get_running_loop()
    return await asyncio.gather(*(asyncio.to_thread(run, n) for n in (2, 1)))


@program
async def runner_cancels_what_is_left():
    log = []

    async def left_over():
        try:
            await asyncio.sleep(9)
        finally:
            log.append("unwound")

    async def main():
        main.task = asyncio.create_task(left_over())
        await asyncio.sleep(0)
        return "main"

    def run():
        with asyncio.Runner() as runner:
            log.append(runner.run(main()))
            log.append(runner.run(asyncio.sleep(0, "again")))
        try:
            runner.run(asyncio.sleep(0))
        except RuntimeError:
            log.append("closed")

    import warnings

    with warnings.catch_warnings(action="ignore"):
        await asyncio.to_thread(run)
    return log


@program
async def eager_tasks_begin_at_once():
    import sys

    log = []

    async def work(n):
        log.append(n)
        await asyncio.sleep(0)
        log.append(-n)

    if sys.version_info >= (3, 12):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    tasks = [asyncio.create_task(work(n)) for n in (1, 2)]
    log.append("created")
    log.append(len(asyncio.all_tasks()))
    await asyncio.gather(*tasks)
    return log


@pytest.mark.slow
@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_same_as_real_asyncio(same_for_real, function):
    text = textwrap.dedent(inspect.getsource(function)).removeprefix("@program\n")
    same_for_real(
        f"import asyncio\n\n{text}\n"
        f"def program():\n    return asyncio.run({function.__name__}())\n",
        for_real=functools.partial(on_real_asyncio, function),
    )


def test_a_busy_machine_does_not_change_what_the_real_one_does():
    def run(loop):
        return run_for_real(
            functools.partial(on_real_asyncio, futures_and_callbacks, lambda: loop)
        )

    usual = run(SteadyLoop())
    assert run(SteadyLoop(stalling(SteadyClock()))) == usual
    # On the machine's own clock the timers come to be due together.
    late = asyncio.SelectorEventLoop(stalling(selectors.DefaultSelector()))
    assert run(late) != usual


def test_public_names_are_those_of_the_real_one(same_for_real):
    def program():
        import asyncio

        return sorted(n for n in asyncio.__all__ if hasattr(asyncio, n))

    same_for_real(program)


def test_time_is_virtual(lab):
    def program():
        import asyncio
        import time

        async def main():
            clocks = (asyncio.get_running_loop().time, time.monotonic)
            began = [clock() for clock in clocks]
            await asyncio.sleep(3)
            return [clock() - a for clock, a in zip(clocks, began, strict=True)]

        return asyncio.run(main())

    passed = lab.run(program)
    assert all(3 <= seconds < 3.001 for seconds in passed)


# What a server has no business with.

REFUSED = {
    "asyncio.open_connection('x', 1)": "peers[i].call",
    "asyncio.start_server(print, 'x', 1)": "peers[i].call",
    "asyncio.create_subprocess_exec('true')": "several processes",
    "asyncio.create_subprocess_shell('true')": "several processes",
    "asyncio.get_running_loop().create_connection(None)": "peers[i].call",
    "asyncio.get_running_loop().getaddrinfo('x', 1)": "peers[i].call",
    "asyncio.get_running_loop().add_reader(1, print)": "peers[i].call",
    "asyncio.get_running_loop().add_signal_handler(2, print)": "no signal",
    "asyncio.get_running_loop().subprocess_exec(print)": "several processes",
    "asyncio.set_event_loop_policy(None)": "virtual time",
    "import asyncio.subprocess": "several processes",
    "import asyncio.unix_events": "virtual time",
    "from asyncio import streams": "",
    "import _asyncio": "replays",
    "import selectors": "peers[i].call",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_refused_with_a_sentence(lab, statement):
    program = f"""
        import asyncio
        async def main():
            try:
                {statement}
            except (ImportError, PermissionError) as exc:
                return str(exc)
        def program():
            return asyncio.run(main())
    """
    told = lab.run(program)
    assert told is not None
    assert REFUSED[statement] in told
    if REFUSED[statement]:
        assert told.startswith("a server in the lab cannot ")


def test_servers_without_asyncio_do_not_load_it(other_process, lab):
    path = str(lab.write(lab.raft("def get(self): return 1")))
    script = """
        import sys
        from labrpc.box.in_process_box import InProcessBox
        from labrpc.world.streams import incarnation_streams
        from labrpc.submission.submission import Submission
        from labrpc.world.world import World
        sub = Submission.find(sys.argv[1])
        world = World(1, "a", lambda server, life: InProcessBox(sub, server, life, incarnation_streams("a", server, life)))
        world.start(0)
        world.close()
        print("asyncio" in sys.modules)
    """
    assert other_process(script, 1, path) == "False"
