"""RPCs per CPU second, beside simulators of asyncio on the package index.

The same work in each: five servers call one another all the time, over a network that
delays each message at random, and pickle the dataclasses that they send. Here each server
calls from long-lived threads, from a thread for each RPC, or from tasks of asyncio.

`pip install -e '.[bench]'`, then `pytest tests/benchmarks/test_peers.py -s` prints the
table. Only detangle can be installed: simloop, simloom and seedloop are not on the index.
"""

import asyncio
import gc
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labrpc.box.in_process_box import InProcessBox
from labrpc.clock import SECOND
from labrpc.submission.submission import Submission
from labrpc.world.streams import incarnation_streams
from labrpc.world.world import World

detangle = pytest.importorskip("detangle", reason="needs the extra bench")

SERVERS = 5
# Virtual seconds; long enough for several thousand RPCs.
SECONDS = 2.0
ROUNDS = 5


@dataclass
class Args:
    """What a server asks."""

    term: int
    candidate_id: int
    last_log_index: int
    last_log_term: int


@dataclass
class Reply:
    """What it is answered."""

    term: int
    vote_granted: bool


# labrpc.

LABRPC = """
import asyncio
import pickle
import threading
from dataclasses import dataclass

@dataclass
class Args:
    term: int
    candidate_id: int
    last_log_index: int
    last_log_term: int

@dataclass
class Reply:
    term: int
    vote_granted: bool

class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.call_others({how})

    def call_others(self, how):
        for peer in range(len(self.peers)):
            if peer != self.me:
                threading.Thread(target=how, args=(peer,), daemon=True).start()

    def ask(self, peer):
        data = pickle.dumps(Args(1, self.me, 2, 3))
        reply = self.peers[peer].call("Raft.ping", data)
        if reply is not None:
            pickle.loads(reply)

    def ask_for_ever(self, peer):
        while True:
            self.ask(peer)

    def ask_in_threads(self, peer):
        while True:
            thread = threading.Thread(target=self.ask, args=(peer,))
            thread.start()
            thread.join()

    def ping(self, data):
        return pickle.dumps(Reply(pickle.loads(data).term, True))
"""
TASKS = """
    def call_others(self, how):
        for peer in range(len(self.peers)):
            if peer != self.me:
                asyncio.get_running_loop().create_task(how(peer))

    async def ask_in_tasks(self, peer):
        while True:
            data = pickle.dumps(Args(1, self.me, 2, 3))
            reply = await self.peers[peer].acall("Raft.ping", data)
            if reply is not None:
                pickle.loads(reply)

    async def ping(self, data):
        return pickle.dumps(Reply(pickle.loads(data).term, True))
"""


def labrpc(directory: Path, how: str, more: str = "") -> Callable[[], int]:
    """Return a function that lets the servers call one another, and counts the RPCs."""
    (directory / "raft.py").write_text(LABRPC.replace("{how}", f"self.{how}") + more)
    submission = Submission.find(directory)

    def run() -> int:
        world = World(
            SERVERS,
            "peers",
            lambda s, i: InProcessBox(
                submission, s, i, incarnation_streams("peers", s, i)
            ),
        )
        for server in range(SERVERS):
            world.start(server)
            for other in range(SERVERS):
                world.network.enable(server, other)
        world.sleep_ns(int(SECONDS * SECOND))
        calls = world.network.calls
        world.close()
        return calls

    return run


# detangle.


@dataclass
class Server:
    """A server that calls and answers over a mailbox.

    Attributes:
        answers: the calls under way, by number.
    """

    me: int
    mailbox: Any
    called: int = 0
    answers: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)

    async def serve(self) -> None:
        """Answer requests, and hand replies to who waits for them."""
        while True:
            (kind, number, data), sender = await self.mailbox.recv()
            if kind == "request":
                reply = pickle.dumps(Reply(pickle.loads(data).term, True))
                self.mailbox.send(sender, ("reply", number, reply))
            else:
                self.answers.pop(number).set_result(data)

    async def ask_for_ever(self, peer: int) -> None:
        """Call a peer again and again."""
        while True:
            self.called += 1
            number = self.called
            answer = asyncio.get_running_loop().create_future()
            self.answers[number] = answer
            data = pickle.dumps(Args(1, self.me, 2, 3))
            self.mailbox.send((f"s{peer}", 1), ("request", number, data))
            pickle.loads(await answer)


async def call_one_another() -> int:
    """Let five servers call one another; return how many RPCs there were."""
    network = detangle.network()
    servers = [Server(me, network.mailbox(1, host=f"s{me}")) for me in range(SERVERS)]
    tasks = [asyncio.ensure_future(server.serve()) for server in servers]
    for server in servers:
        tasks += [
            asyncio.ensure_future(server.ask_for_ever(peer))
            for peer in range(SERVERS)
            if peer != server.me
        ]
    await asyncio.sleep(SECONDS)
    for task in tasks:
        task.cancel()
    return sum(server.called for server in servers)


def on_detangle() -> int:
    """Count the RPCs on detangle, with a random delay for each message."""
    config = detangle.SimConfig(
        net=detangle.NetConfig(copy_messages=False), max_steps=10**9
    )
    return int(detangle.run(call_one_another, seed=1, config=config))


def calls_per_cpu_second(run: Callable[[], int]) -> float:
    """Return how many RPCs a CPU second was enough for."""
    gc.collect()
    gc.disable()
    try:
        began_s = time.process_time()
        calls = run()
        return calls / (time.process_time() - began_s)
    finally:
        gc.enable()


def test_peers(tmp_path, capsys):
    """Print RPCs per CPU second of each, and the ratio to labrpc with threads."""
    ways: dict[str, Callable[[], int]] = {}
    for name, how, more in (
        ("labrpc, long-lived threads", "ask_for_ever", ""),
        ("labrpc, a thread for each RPC", "ask_in_threads", ""),
        ("labrpc, tasks of asyncio", "ask_in_tasks", TASKS),
    ):
        folder = tmp_path / how
        folder.mkdir()
        ways[name] = labrpc(folder, how, more)
    ways[f"detangle {detangle.__version__}, tasks of asyncio"] = on_detangle
    speeds = dict.fromkeys(ways, 0.0)
    # By turns, and the best of each: other work on the machine only slows one down.
    for _ in range(ROUNDS):
        for name, run in ways.items():
            speeds[name] = max(speeds[name], calls_per_cpu_second(run))
    slowest = min(speeds.values())
    with capsys.disabled():
        print()
        for name, speed in speeds.items():
            print(
                f"{name:40} {speed:10,.0f} RPCs per CPU second {speed / slowest:6.1f}"
            )
    assert all(speeds.values())
