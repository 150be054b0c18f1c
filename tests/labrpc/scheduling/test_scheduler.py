"""The scheduler: threads run until they wait, and leave nothing behind."""

from random import Random

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.scheduling.scheduler import (
    CLOCK_LEAD_NS_MAX,
    CLOCK_READ_NS,
    SLEEP_NS_MIN,
    TIMED_OUT,
    Scheduler,
    current_scheduler,
    current_task,
)
from labrpc.simulated.locks import Lock


@pytest.fixture
def escaped():
    return []


@pytest.fixture
def scheduler(escaped):
    scheduler = Scheduler(
        Random("picks"), lambda exc, task: escaped.append(exc) or True
    )
    yield scheduler
    scheduler.kill()


def test_run_goes_on_until_every_thread_waits(scheduler):
    seen = []

    def body(name):
        seen.append(name)
        scheduler.park("something")
        seen.append(f"{name} again")

    tasks = [scheduler.spawn(body, (name,), name) for name in "ab"]
    scheduler.run(0)
    assert sorted(seen) == ["a", "b"]
    scheduler.wake(tasks[0])
    scheduler.run(1)
    assert sorted(seen) == ["a", "a again", "b"]


def test_which_of_several_ready_threads_runs_first_depends_on_the_picks():
    def order(seed):
        seen = []
        scheduler = Scheduler(Random(seed), lambda exc, task: True)
        for number in range(10):
            scheduler.spawn(seen.append, (number,), "thread")
        scheduler.run(0)
        return seen

    assert order("a") == order("a")
    assert order("a") != order("b")


def test_a_wait_returns_what_it_was_woken_with_or_times_out(scheduler):
    values = []
    task = scheduler.spawn(lambda: values.append(scheduler.park("it")), (), "thread")
    scheduler.run(0)
    assert scheduler.wake(task, "value")
    assert not scheduler.wake(task, "too late")
    scheduler.spawn(lambda: values.append(scheduler.park("it", SECOND)), (), "thread")
    scheduler.run(1)
    assert scheduler.next_timer_ns() == SECOND
    scheduler.run(SECOND)
    assert values == ["value", TIMED_OUT]
    assert scheduler.next_timer_ns() is None


def test_a_sleep_takes_some_time_whatever_is_asked_for(scheduler):
    scheduler.spawn(scheduler.sleep, (0,), "thread")
    scheduler.run(0)
    assert scheduler.next_timer_ns() == SLEEP_NS_MIN


def test_reading_the_clock_takes_time_and_in_the_end_waits_for_the_world(scheduler):
    reads = []

    def body():
        while True:
            reads.append(scheduler.read_clock())

    scheduler.spawn(body, (), "thread")
    scheduler.run(0)
    assert reads[:2] == [CLOCK_READ_NS, 2 * CLOCK_READ_NS]
    assert reads[-1] == CLOCK_LEAD_NS_MAX
    scheduler.run(MILLISECOND)
    assert reads[-1] > MILLISECOND


def test_only_what_the_submission_can_have_raised_is_handed_over(scheduler, escaped):
    def leave(exc):
        raise exc

    scheduler.spawn(leave, (KeyboardInterrupt(),), "thread")
    scheduler.run(0)
    assert [type(exc) for exc in escaped] == [KeyboardInterrupt]
    # What the lab's own code runs in a thread catches every Exception of a submission.
    scheduler.spawn(leave, (ZeroDivisionError(),), "thread")
    with pytest.raises(ZeroDivisionError):
        scheduler.run(0)
    assert len(escaped) == 1


def test_outside_of_every_thread_nothing_is_current():
    assert current_task() is None
    with pytest.raises(RuntimeError, match="no server runs here"):
        current_scheduler()


def test_threads_that_have_ended_leave_nothing_behind(scheduler):
    def sizes():
        return {
            name: len(value)
            for name, value in vars(scheduler).items()
            if hasattr(value, "__len__")
        }

    def churn(count):
        for number in range(count):
            scheduler.spawn(lambda: None, (), f"thread {number}")
            scheduler.run(0)
        return sizes()

    assert churn(10) == churn(1000)


def test_a_lock_knows_the_thread_that_ended_with_it(scheduler):
    lock = Lock()
    scheduler.spawn(lock.acquire, (), "thief")
    scheduler.run(0)
    # Another thread takes over the greenlet, and its name.
    other = scheduler.spawn(scheduler.park, ("nothing",), "honest")
    scheduler.run(0)
    assert lock.holder is other
    assert lock.living_holder() is None
    assert lock.describe_wait() == "a Lock held by thief, which has ended"


@pytest.mark.parametrize("for_good", [False, True])
def test_a_thread_that_was_stopped_for_good_is_not_even_unwound(scheduler, for_good):
    unwound = []

    def body():
        try:
            scheduler.stop(TimeoutError("too long"), for_good)
        finally:
            unwound.append(True)

    scheduler.spawn(body, (), "a")
    with pytest.raises(TimeoutError):
        scheduler.run(0)
    scheduler.kill()
    assert unwound == ([] if for_good else [True])
