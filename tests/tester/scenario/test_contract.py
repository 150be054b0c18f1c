"""The numbers in docs/contract.md are those of the checks."""

import re

import pytest

from labrpc.clock import SECOND
from labrpc.isolated.box_output import BURST_BYTES_MAX, SECOND_BYTES_MAX
from labrpc.world.world import ANSWER_NS_MAX
from tester.scenario.checks import (
    ACCEPTED_S_MAX,
    AGREEMENT_S_MAX,
    CATCH_UP_S_PER_ENTRY,
    CAUGHT_UP_S_MAX,
)
from tester.scenario.cluster import TEST_SECONDS_MAX
from tester.scenario.polled_cluster import LEADER_S_MAX


def of_test(graded_tests, test, name):
    """Return a constant of the file that has a graded test."""
    return graded_tests[test].function.__globals__[name]


@pytest.fixture(scope="module")
def numbers(graded_tests):
    """Return what the contract's table has to say, by the first words of each row."""
    catch_up = f"{AGREEMENT_S_MAX} s, and {CATCH_UP_S_PER_ENTRY} s for each entry"
    traffic = (
        f"{BURST_BYTES_MAX >> 20} MB, and {SECOND_BYTES_MAX >> 20} MB more in each"
    )
    in_2b = {
        name: of_test(graded_tests, "test_rpc_counts", name)
        for name in (
            "ELECTION_RPCS_MAX", "AGREEMENT_RPCS_MAX", "IDLE_RPCS_MAX",
            "EXTRA_BYTES_MAX",
        )
    }  # fmt: skip
    state = of_test(graded_tests, "test_snapshots_basic", "RAFT_STATE_BYTES_MAX")
    repetitions = of_test(graded_tests, "test_bytes_after_losses", "REPETITIONS_MAX")
    late_ms = of_test(graded_tests, "test_minorities_return", "LATE_MS")
    late_s = max(filter(None, late_ms)) / 1000
    return {
        "a leader, while": f"within {LEADER_S_MAX} s",
        "agreement on a command that a leader accepted": f"within {ACCEPTED_S_MAX} s",
        "agreement on a command that is offered": f"within {AGREEMENT_S_MAX} s",
        "the same after the storm": catch_up,
        "what is committed is applied": f"within {CAUGHT_UP_S_MAX} s",
        "an answer that a leader": f"up to {late_s} s",
        "a constructor": f"within {ANSWER_NS_MAX // SECOND} s",
        "a whole test": f"within {TEST_SECONDS_MAX} s",
        "RPCs of 3 servers to elect": f"{in_2b['ELECTION_RPCS_MAX']}",
        "RPCs of 3 servers for 12": f"{in_2b['AGREEMENT_RPCS_MAX']}",
        "RPCs of 3 idle": f"{in_2b['IDLE_RPCS_MAX']}",
        "bytes of 3 servers for 10": f"commands, and {in_2b['EXTRA_BYTES_MAX']:,}",
        "bytes of 3 servers for 30 commands": f"{repetitions} times the commands",
        "saved Raft state": f"less than {state:,} bytes",
        "what a server sends and saves": traffic,
    }


def test_the_contract_states_what_the_checks_use(project, numbers):
    page = (project / "docs/contract.md").read_text(encoding="utf-8")
    table = page.partition("## What the tests expect")[2].partition("\n\nSo choose")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", table, re.M)[1:]
    assert len(rows) == len(numbers)
    for (what, how_much), (begin, number) in zip(rows, numbers.items(), strict=True):
        assert what.startswith(begin)
        assert number in how_much
