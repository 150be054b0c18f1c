"""What nobody would learn of: exceptions in futures, handlers that return nothing."""

import pytest

from labrpc.clock import SECOND

FUTURES = """
    def boot(self):
        from concurrent.futures import ThreadPoolExecutor, wait
        pool = self.pool = ThreadPoolExecutor(2)
        ACT
    def campaign(self):
        time.sleep(0.1)
        return self.votes
    def look(self):
        pass
"""
LOST = (
    "AttributeError: 'Raft' object has no attribute 'votes' (raft.py:22) was raised in "
    "an executor's thread, and nobody asked the future for it: call result(), or catch "
    "it in the function itself"
)
NOT_ASKED = {
    "submitted": "pool.submit(self.campaign)",
    "waited for": "wait([pool.submit(self.campaign)])",
    "with a callback that does not look": "pool.submit(self.campaign)"
    ".add_done_callback(lambda future: future.done())",
    "many": "for _ in range(40): pool.submit(self.campaign)",
}
ASKED = {
    "exception": "pool.submit(self.campaign).exception()",
    "a callback": "pool.submit(self.campaign).add_done_callback(lambda f: f.exception())",
    "later": "future = pool.submit(self.campaign); time.sleep(0.9); future.exception()",
    "no exception": "pool.submit(time.sleep, 0.1)",
    "through asyncio": "import asyncio; loop = asyncio.new_event_loop(); "
    "loop.run_until_complete(asyncio.gather(loop.run_in_executor(pool, self.campaign), "
    "return_exceptions=True))",
}


def warnings(lab, body):
    """Return what is told of a server within three seconds."""
    world = lab.world(lab.raft(body))
    for _ in range(3):
        world.sleep_ns(SECOND)
        world.invoke(0, "look")
    assert {code.name for code in world.warnings.values()} <= {
        "exception-not-asked-for"
    }
    return list(world.warnings)


@pytest.mark.parametrize("how", NOT_ASKED)
def test_an_exception_that_nobody_asks_a_future_for_is_told(lab, how):
    assert warnings(lab, FUTURES.replace("ACT", NOT_ASKED[how])) == [LOST]


@pytest.mark.parametrize("how", ASKED)
def test_an_exception_that_somebody_asks_for_is_not(lab, how):
    assert warnings(lab, FUTURES.replace("ACT", ASKED[how])) == []


@pytest.mark.parametrize("order", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_a_handler_that_returns_nothing_is_told_once(order, lab):
    body = """
    def take(self, n):
        if n:
            return n
    def look(self):
        return [self.peers[1].call("Raft.take", n) for n in ORDER]
    """
    world = lab.world(lab.raft(body.replace("ORDER", str(order))), servers=2)
    assert world.invoke(0, "look") == [n or None for n in order]
    assert list(world.warnings) == [
        "the RPC handler take returned None, which its caller takes for a lost message: "
        "does each way through it end with a return?"
    ]
    assert [code.name for code in world.warnings.values()] == ["handler-returned-none"]


@pytest.mark.parametrize("is_shut_down", [False, True])
def test_where_no_handler_returns_anything_messages_are_one_way(is_shut_down, lab):
    body = """
    def take(self, n):
        pass
    def look(self):
        return [self.peers[1].call("Raft.take", n) for n in range(3)]
    """
    world = lab.world(lab.raft(body), servers=2)
    assert world.invoke(0, "look") == [None] * 3
    if is_shut_down:
        world.invoke(1, "kill")
        assert world.invoke(0, "look") == [None] * 3
    assert list(world.warnings) == []


def test_a_server_that_is_shut_down_may_answer_with_nothing(lab):
    body = """
    def take(self, n):
        return n
    def look(self):
        return [self.peers[1].call("Raft.take", n) for n in (1, None)]
    """
    world = lab.world(lab.raft(body), servers=2)
    world.invoke(1, "kill")
    assert world.invoke(0, "look") == [1, None]
    assert list(world.warnings) == []
