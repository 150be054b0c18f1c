"""docs/scenarios.md: its examples run as they stand there, its tables are the docstrings."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from labrpc.world import crash_points
from tester.intake.service_submission import example_service
from tester.judging.own_suite import read_own_suite
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import suite_path
from tester.scenario import faults
from tester.scenario.checks import CheckedCluster
from tester.scenario.faults import CRASH_POINTS, FAULTS
from tester.scenario.kv_cluster import KVCluster
from tester.scenario.rsm_cluster import RsmCluster
from tester.verdict import Verdict

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/scenarios.md").read_text()
OF_LAB_3 = PAGE.partition("### A suite for lab 3")[2].partition("\n## ")[0]
EXAMPLES = PAGE.partition("## Ten examples")[2].partition("\n## ")[0]

# What the lab calls, or tests of the lab.
NOT_FOR_SCENARIOS = {
    "boot",
    "close",
    "describe",
    "heal_above",
    "in_lanes",
    "last_applied",
    "note_faults",
    "prepare_start",
    "shut_down",
    "sleep_ns",
    "take",
}
HEADINGS = {
    "Servers": (
        "restart", "crash", "is_up", "up", "pause", "resume", "set_clock_rate",
        "crash_at", "wait_until_down",
    ),
    "Links and messages": (
        "connect", "disconnect", "connected_servers", "set_reliable",
        "set_long_reordering", "set_link", "split_off", "is_linked", "slow_link",
        "slow_replies", "lose_requests", "lose_replies", "lose_methods",
        "methods_called", "watch_answers", "duplicate_requests",
        "hold_messages", "limit_delays", "heal",
    ),
    "Services and disks": ("slow_state_machine", "set_snapshot_interval", "slow_disk"),
    "Time, and what happens at the same time": (
        "now", "now_ns", "sleep", "spawn", "join",
    ),
    "Commands and agreement": (
        "start", "start_on_all", "one", "one_after_catching_up", "commands",
        "random_command", "mixed_command", "n_committed", "applied_by", "wait",
        "wait_applied",
    ),
    "Leaders and terms": (
        "get_state", "check_one_leader", "check_no_leader", "check_terms",
        "wait_for_leader_after", "leader_now", "passed_term", "next_servers", "terms_led",
        "transfer_leadership", "read_index",
    ),
    "Checks and failures": (
        "require", "fail", "warn", "check_no_agreement", "check_caught_up",
        "check_quiet",
    ),
    "What a run takes": (
        "rpcs_received", "rpcs_sent", "bytes_carried", "indices_accepted", "commits",
        "raft_state_bytes_max",
    ),
}  # fmt: skip


def first_line(thing):
    return inspect.getdoc(thing).partition("\n")[0]


def row(name):
    """Return the row of a verb."""
    member = inspect.getattr_static(CheckedCluster, name)
    if isinstance(member, property):
        return f"| `{name}` | {first_line(member)} |"
    signature = inspect.signature(member)
    parameters = [
        re.sub(
            r"\s*:[^=]*?(\s*=\s*|$)", lambda m: m[1].replace(" ", ""), str(parameter)
        )
        for parameter in list(signature.parameters.values())[1:]
    ]
    return f"| `{name}({', '.join(parameters)})` | {first_line(member)} |"


def tables() -> Iterator[str]:
    """Yield the lines of all tables, as the page must have them."""
    for heading, names in HEADINGS.items():
        yield from (
            f"### {heading}",
            "",
            "| verb | |",
            "|---|---|",
            *map(row, names),
            "",
        )
    yield from ("### Crash points", "")
    yield from ("| in `labrpc.world.crash_points` | |", "|---|---|")
    yield from (
        f"| `{point.__name__}` | {first_line(point)} |" for point in CRASH_POINTS
    )
    yield from ("", "### Faults of an episode", "")
    yield from ("| in `tester.scenario.faults` | |", "|---|---|")
    yield f"| `inject(cluster, number, seconds, faults)` | {first_line(faults.inject)} |"
    one_method = first_line(faults.lose_one_method)
    yield f"| `lose_one_method(cluster, draws)` | {one_method} |"
    yield f"| `swarm(draws, faults)` | {first_line(faults.swarm)} |"
    yield from (f"| `{fault.__name__}` | {first_line(fault)} |" for fault in FAULTS)


def test_the_tables_are_the_docstrings():
    expected = "\n".join(tables())
    found = PAGE.partition("### Servers")
    assert (found[1] + found[2]).strip() == expected.strip(), f"write:\n{expected}"


def test_every_verb_is_in_a_table():
    known = {
        name
        for cls in CheckedCluster.__mro__[:-1]
        for name, member in vars(cls).items()
        if not name.startswith("_")
        and (callable(member) or isinstance(member, property))
    }
    listed = [name for names in HEADINGS.values() for name in names]
    assert sorted(listed) == sorted(known - NOT_FOR_SCENARIOS), "put it into HEADINGS"
    points = [
        function
        for name, function in inspect.getmembers(crash_points, inspect.isfunction)
        if function.__module__ == crash_points.__name__ and not name.startswith("_")
    ]
    assert sorted(points, key=str) == sorted(CRASH_POINTS, key=str)


@pytest.fixture(scope="module")
def examples(tmp_path_factory, suite):
    """Return the tests of the page's examples."""
    folder = tmp_path_factory.mktemp("examples")
    blocks = re.findall(r"```python\n(.*?)```", EXAMPLES, re.S)
    (folder / "test_examples.py").write_text("\n\n".join(blocks))
    (script,) = re.findall(r"```text\n(.*?)```", EXAMPLES, re.S)
    (folder / "old_leader.txt").write_text(script)
    return read_own_suite(folder, suite).tests


def test_there_are_ten_examples_and_the_first_is_short(examples):
    assert len(examples) == len(re.findall(r"^### \d+\. ", EXAMPLES, re.M)) == 10
    assert {test.part for test in examples} == {"9A"}
    (first,) = [test for test in examples if test.name == "test_leader_stays"]
    lines = inspect.getsource(first.function).splitlines()
    assert len([line for line in lines if not line.startswith("@")]) == 5
    (script,) = [test for test in examples if test.script is not None]
    assert script.name == "test_old_leader"
    assert script.description.startswith("The entry of an old leader is replaced")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_the_reference_passes_an_example(examples, number):
    run = run_test(RunConditions(Submission.find(ROOT / "raft"), examples[number], 0))
    assert run.verdict is Verdict.PASSED, run.report()


def test_the_example_of_lab_3_runs(tmp_path, service_suite):
    (code,) = re.findall(r"```python\n(.*?)```", OF_LAB_3, re.S)
    (tmp_path / "test_clients.py").write_text(code)
    (test,) = read_own_suite(tmp_path, service_suite).tests
    service = example_service(suite_path(3))
    assert service is not None
    run = run_test(RunConditions(service, test, 0))
    assert run.passed, run.report()


def test_verbs_of_services_that_the_page_names_are_there():
    named = OF_LAB_3.rpartition("`tests/lab3`:")[2]
    verbs = set(re.findall(r"`(\w+)`", named))
    assert len(verbs) > 5
    assert [
        v for v in verbs if not hasattr(KVCluster, v) | hasattr(RsmCluster, v)
    ] == []
