"""The bonus parts find what is wrong with an extension, and nothing in a correct one."""

import ast
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.codes import ALL_CODES
from tester.detection.mutants import find_mutants_in
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.verdict import Verdict

TESTS = {test.name: test for test in collect(["2P", "2R", "2T"])}
# What each is found by; where it breaks a property, the code says which one.
FOUND = {
    "adopts_the_term_of_a_pre_vote": "leader-deposed",
    "follower_hands_over": "wrong-answer",
    "leads_by_pre_votes": "not-elected-by-majority",
    "leads_when_asked_to": "not-elected-by-majority",
    "never_forgets_a_leader": "no-leader",
    "never_gives_a_transfer_up": "transfer-not-ended",
    "old_answers_confirm_reads": "stale-read",
    "raises_term_before_asking": "term-raised-in-vain",
    "reads_before_its_first_commit": "stale-read",
    "reads_beyond_the_commit_index": "not-caught-up",
    "reads_by_an_entry": "never-started",
    "reads_wait_for_a_second": "read-refused",
    "reads_without_a_majority": "stale-read",
    "refuses_all_reads": "read-refused",
    "refuses_to_hand_over": "wrong-answer",
    "takes_commands_while_handing_over": "accepted-in-transfer",
    "target_waits_for_its_time_out": "not-transferred",
    "timeout_now_before_the_entries": "not-transferred",
    "two_servers_confirm_reads": "stale-read",
    "would_depose_the_leader": "leader-deposed",
    "would_vote_for_any_log": "term-raised-in-vain",
}


ROOT = Path(__file__).resolve().parents[3]
MUTANTS = {
    mutant.name: mutant for mutant in find_mutants_in(ROOT / "tests/mutants/bonus")
}
CORRECT = ROOT / "tests/correct/bonus/everything.py"
METHODS = {
    node.name
    for file in ("pre_vote", "leadership_transfer", "read_index")
    for node in ast.walk(
        ast.parse((CORRECT.parent / "raft" / f"{file}.py").read_bytes())
    )
    if isinstance(node, ast.FunctionDef)
}


def run(path, test, seed):
    return run_test(RunConditions(Submission.find(path), TESTS[test], seed))


def test_each_mutant_is_listed():
    assert list(FOUND) == list(MUTANTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND)
def test_a_mutant_of_an_extension_is_found_as_what_it_is(name):
    mutant = MUTANTS[name]
    found = run(mutant.path, *mutant.found_by)
    assert (found.verdict, found.code) == (Verdict.FAILED, FOUND[name]), found.report()
    assert ALL_CODES[found.code].breaks == ", ".join(mutant.properties)


@pytest.mark.unmeasured
def test_reads_are_asked_of_an_old_leader_only_once_there_is_a_new_one():
    mutant = MUTANTS["never_forgets_a_leader"]
    found = run(mutant.path, "test_answers_from_before_a_read", 0)
    assert (found.verdict, found.code) == (Verdict.FAILED, "no-leader")


@pytest.mark.parametrize("name", FOUND)
def test_it_replaces_one_method_of_an_extension(name):
    tree = ast.parse(MUTANTS[name].path.read_bytes())
    methods = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    assert len(methods) == 1
    assert set(methods) <= METHODS


def test_the_contract_states_the_times_that_the_tests_use():
    page = (ROOT / "docs/contract_bonus.md").read_text()
    for test, name in [
        ("test_transfer_to_each_server", "TRANSFER_S_MAX"),
        ("test_target_lacks_entries", "TRANSFER_WITH_ENTRIES_S_MAX"),
        ("test_target_that_cannot_be_reached", "TRANSFER_ENDS_S_MAX"),
        ("test_reads_follow_commands", "READ_S_MAX"),
    ]:
        assert f"within {TESTS[test].function.__globals__[name]:g} s" in page


@pytest.mark.slow
@pytest.mark.parametrize("test", TESTS)
def test_a_raft_with_all_extensions_passes(test):
    passed = run(CORRECT, test, 0)
    assert passed.passed, passed.report()
