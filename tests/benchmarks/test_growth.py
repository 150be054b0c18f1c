"""How cost grows: CPU for an RPC with the number of servers, memory with that of seeds.

Prints, never judges: `pytest tests/benchmarks/test_growth.py -s`.
"""

import math
import os
import time
from pathlib import Path

from labrpc.machine.memory import bytes_of
from labrpc.submission.submission import Submission
from tester.judging.graded_test import GradedTest
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.scenario.checks import CheckedCluster

REFERENCE = Path(__file__).resolve().parents[2] / "raft"
SERVERS = (3, 11, 31, 101)
SEEDS = 200


def elect_and_agree(cluster: CheckedCluster) -> None:
    """Elect a leader, and agree on ten commands."""
    cluster.check_one_leader()
    for number in range(10):
        cluster.one(number, len(cluster.servers), retry=False)


def test_servers(benchmark, capsys):
    """Print the CPU time of an RPC in clusters of different sizes."""
    submission = Submission.find(REFERENCE)

    def us_per_rpc(servers: int) -> float:
        test = GradedTest(
            elect_and_agree.__name__, "2B", 0, elect_and_agree, Path(__file__), servers
        )
        began_s = time.process_time()
        run = run_test(RunConditions(submission, test, 0))
        assert run.passed, run.report()
        return 1e6 * (time.process_time() - began_s) / run.rpcs

    costs = {}

    def all_sizes() -> None:
        for servers in SERVERS:
            costs[servers] = min(us_per_rpc(servers) for _ in range(3))

    benchmark.pedantic(all_sizes, rounds=1)
    with capsys.disabled():
        print()
        for before, servers in zip((None, *SERVERS), SERVERS, strict=False):
            line = f"{servers:4} servers: {costs[servers]:6.1f} µs of CPU for an RPC"
            if before is not None:
                ratio = math.log(costs[servers] / costs[before])
                line += f", exponent {ratio / math.log(servers / before):.2f}"
            print(line)


def test_seeds(benchmark, capsys):
    """Print the memory of this process after many runs of one test."""
    (test,) = collect(expression="test_basic_agreement")
    submission = Submission.find(REFERENCE)
    sizes = {}

    def many_seeds() -> None:
        for seed in range(SEEDS):
            assert run_test(RunConditions(submission, test, seed)).passed
            if seed + 1 in (10, SEEDS // 2, SEEDS):
                sizes[seed + 1] = bytes_of(os.getpid()) >> 20

    benchmark.pedantic(many_seeds, rounds=1)
    with capsys.disabled():
        print("\nafter", ", ".join(f"{n} seeds {mb} MB" for n, mb in sizes.items()))
