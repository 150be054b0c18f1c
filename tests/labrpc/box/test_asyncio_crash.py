"""Servers with event loops crash quietly, stay apart, and repeat exactly."""

import gc
import sys

import pytest

from labrpc.clock import SECOND
from labrpc.world.recorder import DigestRecorder

HEAD = "import asyncio, contextlib"


def lines(world) -> list[str]:
    return [line for _, _, line in world.log]


CRASHING = """
def boot(self):
    self.lock, self.queue = asyncio.Lock(), asyncio.Queue()
    self.tasks = [asyncio.create_task(f()) for f in (
        self.stubborn, self.holds, self.waits, self.loops, self.generates,
        self.blocks, self.grouped, self.calls, self.puts, self.never)]
    self.tasks += [asyncio.create_task(asyncio.to_thread(time.sleep, 60))]
    threading.Thread(target=lambda: asyncio.run(self.calls())).start()
    asyncio.get_running_loop().call_later(1, self.late)
async def stubborn(self):
    while True:
        try:
            await asyncio.sleep(60)
        except BaseException:
            print("still here")
async def holds(self):
    async with self.lock:
        try:
            await asyncio.sleep(60)
        finally:
            await self.queue.get()
async def waits(self):
    try:
        async with self.lock:
            pass
    finally:
        asyncio.create_task(self.never())
        self.queue.put_nowait(1)
async def loops(self):
    async for n in self.numbers():
        print(n)
async def numbers(self):
    try:
        yield 1
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(1)
async def generates(self):
    self.numbers_left = self.numbers()
    await anext(self.numbers_left)
async def blocks(self):
    await asyncio.sleep(0.3)
    with self.condition():
        time.sleep(60)
@contextlib.contextmanager
def condition(self):
    try:
        yield
    finally:
        time.sleep(1)
async def grouped(self):
    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        for n in range(3):
            group.create_task(asyncio.sleep(60 + n))
async def calls(self):
    await asyncio.gather(*(p.acall("never", 1) for p in self.peers))
async def puts(self):
    await self.apply_ch.aput(ApplyMsg(command_valid=True))
async def never(self, args=None):
    await asyncio.get_running_loop().create_future()
def late(self):
    asyncio.create_task(self.never())
"""


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3, 0.5, 2.0])
def test_crash_in_the_midst_is_quiet_and_final(lab, capfd, recwarn, after_s):
    gc.collect()
    world = lab.world(lab.raft(CRASHING, HEAD), servers=2)
    for _ in range(3):
        world.sleep_ns(int(after_s * SECOND))
        world.crash(0)
        said = len(lines(world))
        gc.collect()
        world.sleep_ns(SECOND)
        world.start(0)
        assert len(lines(world)) - said <= 2  # The new incarnation's own.
    world.close()
    del world
    lab.worlds.clear()
    gc.collect()
    assert capfd.readouterr() == ("", "")
    assert list(recwarn) == []
    assert sys.get_asyncgen_hooks() == (None, None)


def test_async_generator_that_is_left_is_closed_by_its_loop(same_for_real):
    def program():
        import asyncio

        log = []

        async def numbers(name):
            try:
                yield 1
                yield 2
            finally:
                await asyncio.sleep(0)
                log.append(name)

        async def main():
            async for _ in numbers("a"):
                break
            kept = numbers("b")
            await anext(kept)
            await asyncio.sleep(0.01)
            log.append("main ends")
            return kept

        asyncio.run(main())
        return log

    assert same_for_real(program) == ["a", "main ends", "b"]


def test_two_loops_of_one_box_and_two_boxes_do_not_mix(lab):
    body = """
    def boot(self):
        self.log = []
        for name in "ab":
            threading.Thread(target=lambda n=name: asyncio.run(self.main(n))).start()
    async def main(self, name):
        loop = asyncio.get_running_loop()
        for _ in range(50):
            async for _ in self.ticks():
                time.sleep(0.001)
                assert asyncio.get_running_loop() is loop
                assert len(asyncio.all_tasks()) <= 2
                break
            await asyncio.sleep(0.001)
        self.log.append(name)
    async def ticks(self):
        yield 1
        yield 2
    def get(self):
        return sorted(self.log)
    """
    world = lab.world(lab.raft(body, HEAD), servers=3)
    world.sleep_ns(SECOND)
    assert [world.invoke(s, "get") for s in range(3)] == [["a", "b"]] * 3


# Determinism.

CHATTY = """
import asyncio, random, threading
class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.seen = peers, []
        self.tasks = {asyncio.create_task(self.talk(n)) for n in range(4)}
    async def talk(self, n):
        while True:
            calls = [asyncio.create_task(p.acall("echo", (n, i)))
                     for i, p in enumerate(self.peers)]
            done, pending = await asyncio.wait(
                calls, timeout=random.random() / 20, return_when="FIRST_COMPLETED")
            self.seen += [t.result() for t in done]
            for task in pending | self.tasks & pending:
                task.cancel()
            for first in asyncio.as_completed([self.nap(i) for i in range(5)]):
                self.seen.append(await first)
            for task in asyncio.all_tasks():
                self.seen.append(task.get_name())
            await asyncio.sleep(0.05)
            await self.peers[n % 3].acall("note", self.seen[-40:])
    async def nap(self, i):
        await asyncio.sleep(random.choice([0, 0.001, 0.002]))
        return i
    async def echo(self, args):
        await asyncio.sleep(random.random() / 50)
        return args
    def note(self, args):
        return len(args)
    def run(self):
        return str(self.seen[-100:])
"""

SCRIPT = """
    import gc, sys
    from labrpc.box.in_process_box import InProcessBox
    from labrpc.world.streams import incarnation_streams
    from labrpc.world.recorder import DigestRecorder
    from labrpc.submission.submission import Submission
    from labrpc.world.world import World
    sub = Submission.find(sys.argv[1])
    gc.disable()
    for _ in range(2):
        digest = DigestRecorder()
        world = World(
            3, "a", lambda server, life: InProcessBox(sub, server, life, incarnation_streams("a", server, life)))
        world.observe(digest)
        for src in range(3):
            for dst in range(3):
                world.network.enable(src, dst)
        for server in range(3):
            world.start(server)
        world.sleep_ns(10**9 // 2)
        world.crash(1)
        world.start(1)
        world.sleep_ns(10**9 // 2)
        print(world.invoke(0, "run"), digest.hexdigest(), digest.steps)
        world.close()
        gc.collect()
"""


@pytest.mark.slow
def test_one_seed_gives_one_digest_in_every_process(lab, other_process):
    path = str(lab.write(CHATTY))
    printed = [other_process(SCRIPT, seed, path) for seed in (0, 1, 2)]
    assert printed[1:] == printed[:1] * 2
    first, second = printed[0].splitlines()
    assert first == second
    assert int(first.split()[-1]) > 500


@pytest.mark.unmeasured
def test_recording_takes_asyncio_servers(lab):
    digest = DigestRecorder()
    world = lab.world(CHATTY, servers=3, observers=[digest])
    world.sleep_ns(SECOND)
    assert digest.steps > 100
