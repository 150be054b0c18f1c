"""Servers written with `asyncio`: handlers, calls, the apply channel, exceptions."""

import pytest

from labrpc.clock import SECOND
from labrpc.errors import SubmissionError

HEAD = "import asyncio, contextlib, random"


def server(body: str, lab) -> str:
    return lab.raft(body, HEAD)


def lines(world) -> list[str]:
    return [line for _, _, line in world.log]


# Where the lab runs what.


def test_everything_the_lab_calls_runs_on_one_event_loop(lab):
    body = """
    def boot(self):
        self.loop, self.where = asyncio.get_running_loop(), []
        self.note()
        self.ticker = asyncio.create_task(self.tick())
    def note(self):
        self.where.append(asyncio.get_running_loop() is self.loop)
    async def tick(self):
        self.note()
    def get_state(self):
        self.note()
        return 1, False
    async def start(self, command):
        self.note()
        await asyncio.sleep(0.5)
        return 1, 2, command
    def plain(self, args):
        self.note()
        return args * 2
    async def slow(self, args):
        self.note()
        await asyncio.sleep(0.25)
        return args * 3
    async def ask(self):
        calls = [self.peers[1].acall(f"Raft.{m}", 7) for m in ("plain", "slow")]
        return await asyncio.gather(*calls)
    def seen(self):
        name = threading.current_thread().name
        return self.where, name, threading.current_thread() is threading.main_thread()
    """
    world = lab.world(server(body, lab), servers=2)
    assert world.invoke(0, "get_state") == (1, False)
    before_ns = world.now_ns
    assert world.invoke(0, "start", True) == (1, 2, True)
    assert 0.5 * SECOND <= world.now_ns - before_ns < 0.51 * SECOND
    assert world.invoke(0, "ask") == [14, 21]
    assert world.invoke(0, "seen") == ([True] * 4, "MainThread", True)
    assert world.invoke(1, "seen")[0] == [True] * 4
    assert world.invoke(0, "kill") is None


def test_handlers_of_one_server_overlap_where_they_await(lab):
    body = """
    def boot(self):
        self.log = []
    async def work(self, n):
        self.log.append(("begin", n))
        await asyncio.sleep(n)
        self.log.append(("end", n))
        return n
    async def ask(self):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.peers[0].acall("work", n)) for n in (3, 1)]
        return [t.result() for t in tasks], self.log
    """
    world = lab.world(server(body, lab))
    replies, log = world.invoke(0, "ask")
    assert replies == [3, 1]
    assert [n for what, n in log if what == "end"] == [1, 3]
    assert [what for what, _ in log] == ["begin", "begin", "end", "end"]


def test_a_class_without_coroutines_runs_on_threads(lab):
    body = """
    def boot(self):
        threading.Thread(target=lambda: asyncio.run(main(self))).start()
    def get(self):
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self.got
    """
    head = """
    import asyncio
    async def main(raft):
        raft.got = await raft.peers[0].acall("ping", 5)
    """
    world = lab.world(lab.raft(body + "\n    def ping(self, args): return -args", head))
    world.sleep_ns(SECOND)
    assert world.invoke(0, "get") == -5


def test_inherited_coroutines_count(lab):
    source = """
    import asyncio
    class Base:
        async def start(self, command):
            return command
    class Raft(Base):
        def __init__(self, *args):
            self.loop = asyncio.get_running_loop()
    """
    assert lab.world(source).invoke(0, "start", 3) == 3


# Calls and the apply channel.


def test_lost_call_returns_none(lab):
    body = """
    async def ask(self):
        return [await self.peers[1].acall("ping", 1)]
    def ping(self, args):
        return args
    """
    world = lab.world(server(body, lab), servers=2)
    assert world.invoke(0, "ask") == [1]
    world.network.enable(0, 1, False)
    assert world.invoke(0, "ask") == [None]


def test_reply_of_a_cancelled_call_is_dropped(lab):
    body = """
    async def ask(self):
        told = []
        try:
            async with asyncio.timeout(0.5):
                await self.peers[1].acall("slow", 1)
        except TimeoutError:
            told.append("timeout")
        task = asyncio.create_task(self.peers[1].acall("slow", 2))
        await asyncio.sleep(0.1)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        told.append(task.cancelled())
        await asyncio.sleep(3)
        told.append(await asyncio.wait_for(self.peers[1].acall("slow", 3), 9))
        return told
    async def slow(self, args):
        await asyncio.sleep(1)
        return args
    """
    world = lab.world(server(body, lab), servers=2)
    assert world.invoke(0, "ask") == ["timeout", True, 3]


def test_aput_waits_until_the_service_has_taken_the_message(lab):
    body = """
    def boot(self):
        self.applied = []
        self.task = asyncio.create_task(self.apply())
    async def apply(self):
        for n in range(1, 4):
            await self.apply_ch.aput(ApplyMsg(command_valid=True, command_index=n))
            self.applied.append(n)
    def get(self):
        return self.applied
    """
    from labrpc.world.events import Taken

    world = lab.world(server(body, lab), start=False)
    puts = []
    lab.take_applied(world, lambda host, *put: puts.append(put))
    world.start(0)
    for n in range(1, 4):
        world.sleep_ns(SECOND)
        assert [message[2] for _, message in puts] == list(range(1, n + 1))
        assert world.invoke(0, "get") == list(range(1, n))
        world.step(world.hosts[0], Taken(puts[-1][0]))
    assert world.invoke(0, "get") == [1, 2, 3]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("self.peers[0].call('get_state', 1)", "await peer.acall("),
        ("self.apply_ch.put(ApplyMsg())", "await apply_ch.aput("),
        ("await self.apply_ch.aput('x')", "apply_ch.aput takes an ApplyMsg, not a str"),
        ("await self.peers[0].acall(3, 4)", "peer.acall takes a method's name"),
        ("await self.peers[0].acall('x', lambda: 1)", "cannot send a function"),
    ],
)
def test_wrong_use_is_named(lab, statement, told):
    body = f"""
    async def do(self):
        {statement}
    """
    world = lab.world(server(body, lab))
    with pytest.raises(SubmissionError) as failure:
        world.invoke(0, "do")
    assert told in failure.value.headline
    assert failure.value.headline.endswith("in do()")


# Exceptions.

BOOM = """
async def boom(seconds=0.2):
    await asyncio.sleep(seconds)
    raise ValueError("boom")
"""

ESCAPING = {
    "self.keep = asyncio.create_task(boom(), name='x')": "asyncio task 'x', which nobody awaited",
    "asyncio.create_task(boom(), name='x')": "asyncio task 'x', which nobody awaited",
    "asyncio.get_running_loop().call_later(0.1, int, 'boom')": "in a callback of the event loop",
    "threading.Thread(target=lambda: asyncio.run(boom()), name='t').start()": "in thread 't'",
    "self.keep = asyncio.create_task(asyncio.to_thread(int, 'boom'))": "nobody awaited",
}  # fmt: skip


@pytest.mark.parametrize("statement", ESCAPING)
def test_exception_that_nobody_catches_fails_the_test(lab, statement, capfd):
    body = f"""
    async def go(self):
        {statement}
        return "returned"
    """
    world = lab.world(lab.raft(body, HEAD + BOOM))
    assert world.invoke(0, "go") == "returned"
    with pytest.raises(SubmissionError) as failure:
        world.sleep_ns(5 * SECOND)
    assert failure.value.headline.startswith("server 0: ValueError: ")
    assert "boom" in failure.value.headline
    assert ESCAPING[statement] in failure.value.headline
    assert capfd.readouterr() == ("", "")


def test_exception_that_is_awaited_soon_is_nobodys_business(lab):
    body = """
    async def go(self):
        task = asyncio.create_task(boom(0.1))
        await asyncio.sleep(1)
        try:
            await task
        except ValueError as exc:
            one = str(exc)
        done, _ = await asyncio.wait([asyncio.create_task(boom())])
        two = [str(t.exception()) for t in done]
        three = await asyncio.gather(boom(), boom(), return_exceptions=True)
        await asyncio.sleep(5)
        return one, two, [str(e) for e in three]
    """
    world = lab.world(lab.raft(body, HEAD + BOOM))
    assert world.invoke(0, "go") == ("boom", ["boom"], ["boom", "boom"])


def test_exception_handler_of_the_submission_comes_first(lab):
    body = """
    def boot(self):
        self.told = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: self.told.append(
            (str(context["exception"]), context["message"])))
    async def go(self):
        self.keep = asyncio.create_task(boom())
        await asyncio.sleep(4)
        return self.told
    """
    world = lab.world(lab.raft(body, HEAD + BOOM))
    told = [("boom", "Task exception was never retrieved")]
    assert world.invoke(0, "go") == told


@pytest.mark.parametrize("kind", ["async def", "def"])
def test_exception_in_a_handler_names_it_and_its_line(lab, kind):
    body = f"""
    async def ask(self):
        return await self.peers[1].acall("Raft.broken", 1)
    {kind} broken(self, args):
        return {{}}[args]
    """
    world = lab.world(server(body, lab), servers=2)
    with pytest.raises(SubmissionError) as failure:
        world.invoke(0, "ask")
    assert "server 1: KeyError: 1 (raft.py:" in failure.value.headline
    where = "in the RPC handler broken, called by server 0"
    assert failure.value.headline.endswith(where)
    assert "in broken" in failure.value.evidence


def test_constructor_reports_what_went_wrong(lab):
    body = """
    def boot(self):
        1 / 0
    async def unused(self):
        pass
    """
    with pytest.raises(SubmissionError, match=r"division by zero.*in its constructor"):
        lab.world(server(body, lab))


def test_sys_exit_on_the_loop_is_reported(lab):
    body = """
    async def go(self):
        async def leave():
            raise SystemExit(3)
        self.task = asyncio.create_task(leave())
    """
    world = lab.world(server(body, lab))
    with pytest.raises(SubmissionError, match=r"SystemExit: 3.*on the event loop"):
        world.invoke(0, "go")


def test_forgotten_await_is_logged(lab, capfd):
    body = """
    async def go(self):
        self.tick()
        return 1
    async def tick(self):
        pass
    """
    world = lab.world(server(body, lab))
    assert world.invoke(0, "go") == 1
    assert lines(world) == ["RuntimeWarning: coroutine 'Raft.tick' was never awaited"]
    assert capfd.readouterr() == ("", "")


def test_warnings_of_the_process_are_its_own():
    async def never():
        pass

    with pytest.warns(RuntimeWarning, match="never' was never awaited"):
        never()


def test_method_that_does_not_return_shows_where_tasks_wait(lab):
    body = """
    async def go(self):
        await self.wait_for_ever()
    async def wait_for_ever(self):
        await asyncio.Event().wait()
    """
    world = lab.world(server(body, lab))
    with pytest.raises(SubmissionError, match="has not returned") as failure:
        world.invoke(0, "go")
    assert "asyncio task 'go()'" in failure.value.evidence
    assert "in wait_for_ever" in failure.value.evidence


@pytest.mark.unmeasured
def test_busy_wait_on_the_loop_lets_time_pass(lab):
    body = """
    async def go(self):
        asyncio.get_running_loop().call_later(0.01, setattr, self, "done", True)
        while not hasattr(self, "done"):
            await asyncio.sleep(0)
        return await self.peers[1].acall("ping", 1)
    def ping(self, args):
        return args
    """
    assert lab.world(server(body, lab), servers=2).invoke(0, "go") == 1
