"""What waits for the world: threads and coroutines, by number."""

import asyncio
from random import Random
from types import SimpleNamespace

import pytest

from labrpc.box.channel import LocalChannel
from labrpc.box.outbox import Outbox
from labrpc.box.pending import Pending
from labrpc.contract import ApplyMsg
from labrpc.scheduling.scheduler import Scheduler, WaitRefusedError
from labrpc.world.events import Call


@pytest.fixture
def scheduler():
    scheduler = Scheduler(Random("picks"), lambda exc, task: True)
    yield scheduler
    scheduler.kill()


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def pending(scheduler, outbox):
    importer = SimpleNamespace(load=lambda name: asyncio)
    return Pending(SimpleNamespace(scheduler=scheduler, importer=importer), outbox)


def call(number):
    return Call(number, 1, "Raft.f", b"")


def test_a_thread_waits_for_the_answer_to_its_number(pending, scheduler, outbox):
    values = []

    def ask():
        number = pending.next_number()
        values.append((number, pending.wait(number, call(number), ("f", 1))))

    for _ in range(2):
        scheduler.spawn(ask, (), "thread")
    scheduler.run(0)
    assert len(pending) == 2
    assert [action.call_id for action in outbox.take()] == [1, 2]
    pending.settle(2, "two")
    pending.settle(1, "one")
    pending.settle(1, "again")
    pending.settle(3, "never asked")
    scheduler.run(1)
    assert sorted(values) == [(1, "one"), (2, "two")]
    assert not pending


def test_a_coroutine_waits_for_the_answer_to_its_number(pending, outbox):
    async def ask():
        task = asyncio.create_task(pending.wait_async(7, call(7)))
        await asyncio.sleep(0)
        waiting = len(pending)
        pending.settle(7, "seven")
        return waiting, await task

    assert asyncio.run(ask()) == (1, "seven")
    assert outbox.take() == [call(7)]
    assert not pending


def test_nothing_is_left_of_a_coroutine_that_was_cancelled(pending):
    async def ask():
        task = asyncio.create_task(pending.wait_async(7, call(7)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not pending
        pending.settle(7, "too late")

    asyncio.run(ask())


def test_at_a_prompt_nothing_is_asked_and_no_number_is_used_up(
    pending, scheduler, outbox
):
    seen = []

    def ask():
        number = pending.next_number()
        return pending.wait(number, call(number), ("f", 1))

    def body():
        task = next(iter(scheduler.tasks))
        task.may_not_wait = True
        with pytest.raises(WaitRefusedError, match="the world stands still"):
            ask()
        seen.append((len(pending), outbox.take()))
        task.may_not_wait = False
        ask()

    scheduler.spawn(body, (), "thread")
    scheduler.run(0)
    assert seen == [(0, [])]
    assert [action.call_id for action in outbox.take()] == [1]


def test_at_a_prompt_nothing_is_put_on_the_channel_within_a_server(
    pending, scheduler, outbox
):
    loops = SimpleNamespace(running=set())
    channel = LocalChannel(pending, pending, outbox, loops)
    first, second = (ApplyMsg(command_valid=True, command_index=i) for i in (1, 2))
    taken = []

    def body():
        task = next(iter(scheduler.tasks))
        task.may_not_wait = True
        with pytest.raises(WaitRefusedError):
            channel.put(first)
        task.may_not_wait = False
        scheduler.spawn(lambda: taken.append(channel.get()), (), "taker")
        channel.put(second)

    scheduler.spawn(body, (), "thread")
    scheduler.run(0)
    scheduler.run(1)
    assert taken == [second]
    assert [action.message[2] for action in outbox.take()] == [2]


def test_nothing_waits_where_no_server_runs(pending, outbox):
    with pytest.raises(WaitRefusedError, match="no server runs here"):
        pending.wait(1, call(1), ("f", 1))
    assert not pending
    assert outbox.take() == []
