"""What one RPC through labrpc costs, and of what it consists.

Prints CPU time, never judges it: `pytest tests/benchmarks`.
"""

import gc
import time
from pathlib import Path

import pytest

from labrpc.box.in_process_box import InProcessBox
from labrpc.clock import SECOND
from labrpc.submission.submission import Submission
from labrpc.world.streams import incarnation_streams
from labrpc.world.world import World

SERVERS = 5

MESSAGES = """
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
"""

CALLER = """
import threading
from messages import Args, Reply

class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        for peer in range(len(peers)):
            if peer != me:
                threading.Thread(target=self.{loop}, args=(peer,), daemon=True).start()

    def long_lived_caller(self, peer):
        term = 0
        while True:
            reply = self.peers[peer].call("Raft.ping", {args})
            term += 1

    def thread_per_call(self, peer):
        while True:
            thread = threading.Thread(
                target=self.peers[peer].call, args=("Raft.ping", Args(1, self.me, 2, 3))
            )
            thread.start()
            thread.join()

    def ping(self, args):
        return {reply}
"""

DATACLASSES = {
    "args": "Args(term, self.me, term, term)",
    "reply": "Reply(args.term, True)",
}
NOTHING = {"args": "None", "reply": "None"}


def _world(directory: Path, loop: str, messages: dict[str, str]) -> World:
    (directory / "messages.py").write_text(MESSAGES)
    caller = CALLER.format(loop=loop, **messages)
    (directory / "raft.py").write_text(caller)
    submission = Submission.find(directory)
    world = World(
        SERVERS,
        "speed",
        lambda s, i: InProcessBox(submission, s, i, incarnation_streams("speed", s, i)),
    )
    for server in range(SERVERS):
        world.start(server)
        for other in range(SERVERS):
            world.network.enable(server, other)
    return world


@pytest.mark.parametrize(
    ("loop", "messages"),
    [
        pytest.param("long_lived_caller", DATACLASSES, id="dataclasses"),
        pytest.param("long_lived_caller", NOTHING, id="without_encoding"),
        pytest.param("thread_per_call", DATACLASSES, id="thread_per_rpc"),
    ],
)
def test_rpc(benchmark, tmp_path, loop, messages):
    """Five boxes call each other all the time, with random delays."""
    world = _world(tmp_path, loop, messages)
    world.sleep_ns(SECOND // 10)
    gc.disable()  # As run_test does.
    calls, cpu_s = world.network.calls, time.process_time()
    try:
        benchmark.pedantic(world.sleep_ns, args=(SECOND // 2,), rounds=5)
    finally:
        calls = world.network.calls - calls
        cpu_s = time.process_time() - cpu_s
        gc.enable()
        world.close()
    print(
        f"\n{calls / cpu_s:,.0f} RPCs per CPU second, {1e6 * cpu_s / calls:.1f} µs each"
    )
    assert calls > 1000


@pytest.mark.parametrize("what", ["encode", "decode"])
def test_encoding(benchmark, what):
    """The share of an RPC that is spent on bytes: twice each."""
    from types import ModuleType

    from labrpc.box.encoding import Codec

    module = ModuleType("messages")
    exec(MESSAGES, vars(module))
    codec = Codec({"messages": module})
    args = module.Args(1, 2, 3, 4)
    data = codec.encode(args)
    assert codec.decode(data) == args
    benchmark(getattr(codec, what), args if what == "encode" else data)
