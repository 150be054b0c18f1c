"""The suite of lab 3 finds what is wrong with a service, and says what it is."""

import ast
import os

import pytest

from tester.codes import ALL_CODES
from tester.detection import measure as detection
from tester.detection.mutants import find_mutants, reference
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.verdict import Verdict

# What each is found as, in the run that its docstring names.
FOUND = {
    "another_leaders_entry_answers_nobody": "submit-stuck",
    "answers_what_is_applied_at_the_index": "never-written",
    "clerk_never_says_maybe": "lost-reply",
    "clerk_pauses_before_each_call": "operations-too-slow",
    "clerk_puts_again_with_the_new_version": "version-given-twice",
    "clerk_reads_its_own_cache": "stale-read",
    "clerk_stays_with_one_server": "operation-stuck",
    "clerk_waits_for_the_first_leader": "operation-stuck",
    "every_server_reads_its_own_table": "stale-read",
    "get_without_a_reply_finds_no_key": "stale-read",
    "installed_snapshot_ignored": "stale-read",
    "keys_cut_to_two_characters": "never-written",
    "leader_reads_its_own_table": "stale-read",
    "log_is_never_cut": "log-not-cut",
    "maybe_instead_of_version": "maybe-in-vain",
    "maybe_is_taken_for_ok": "version-given-twice",
    "maybe_without_a_reply": "maybe-in-vain",
    "newer_version_is_enough": "never-written",
    "only_the_leader_performs": "stale-read",
    "operations_in_concurrent_threads": "stale-read",
    "performs_what_was_submitted_at_once": "counters-differ",
    "put_answers_before_the_commit": "version-given-twice",
    "put_ignores_the_version": "never-written",
    "put_is_submitted_twice": "lost-reply",
    "put_of_a_missing_key_creates_it": "never-written",
    "refused_puts_raise_the_version": "lost-reply",
    "replies_by_the_request": "stale-read",
    "replies_in_the_order_of_requests": "stale-read",
    "requests_wait_after_kill": "submit-stuck",
    "restore_keeps_the_old_table": "stale-read",
    "snapshot_lacks_the_last_operation": "stale-read",
    "snapshot_not_restored_at_the_start": "stale-read",
    "snapshots_without_a_limit": "snapshot-unwanted",
    "version_compared_before_the_log": "version-given-twice",
    "version_read_after_the_value": "never-written",
    "version_stays": "version-given-twice",
    "versions_not_in_the_snapshot": "never-written",
    "waits_after_losing_leadership": "submit-stuck",
    "waits_under_the_lock": "deadlock",
    "wrong_leader_although_applied": "wrong-reply",
    "wrong_leader_means_not_applied": "lost-reply",
}
# Clients see nothing of it: the second time, a put is refused. Counters show it.
UNNAMED = {"performs_what_was_submitted_at_once"}
# They run in each session; the others where LAB_NIGHTLY is set.
ALWAYS = [
    "clerk_never_says_maybe",
    "leader_reads_its_own_table",
    "maybe_without_a_reply",
    "put_answers_before_the_commit",
    "versions_not_in_the_snapshot",
    "waits_after_losing_leadership",
]

TESTS = {test.name: test for test in collect(lab=3)}
MUTANTS = {mutant.name: mutant for mutant in find_mutants(lab=3)}


def run(mutant, test, seed):
    return run_test(RunConditions(mutant.submission(), TESTS[test], seed))


def test_each_mutant_is_listed():
    assert list(FOUND) == [name for name, m in MUTANTS.items() if not m.equivalent]
    assert len(FOUND) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND if os.environ.get("LAB_NIGHTLY") else ALWAYS)
def test_a_mutant_is_found_as_what_it_is(name):
    mutant = MUTANTS[name]
    found = run(mutant, *mutant.found_by)
    assert (found.verdict, found.code) == (Verdict.FAILED, FOUND[name]), found.report()


def test_a_mutant_that_breaks_a_property_is_found_by_it():
    safety = {name for name, mutant in MUTANTS.items() if mutant.properties}
    named = {
        name
        for name, code in FOUND.items()
        if ALL_CODES[code].breaks in MUTANTS[name].properties
    }
    assert safety - named == UNNAMED


@pytest.mark.slow
def test_the_reference_passes_where_mutants_fail():
    runs = sorted({mutant.found_by for mutant in MUTANTS.values() if mutant.found_by})
    for test, seed in runs if os.environ.get("LAB_NIGHTLY") else runs[::6]:
        passed = run(reference(3), test, seed)
        assert passed.passed, passed.report()


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_replaces_one_class_of_the_reference(mutant):
    *_, new_class, put_in_place = ast.parse(mutant.path.read_bytes()).body
    assert new_class.name in ("Clerk", "KVServer", "RSM")
    assert [base.id for base in new_class.bases] == ["Reference"]
    package = "rsm" if new_class.name == "RSM" else "kv"
    assert ast.unparse(put_in_place) == f"{package}.{new_class.name} = {new_class.name}"
    methods = [n for n in new_class.body if isinstance(n, ast.FunctionDef)]
    assert 1 <= len(methods) <= 3


def test_a_lane_ends_with_the_first_part_that_finds_the_mutant():
    mutant = MUTANTS["clerk_stays_with_one_server"]
    tests = [*TESTS.values()]
    (lane,) = detection.lanes([mutant], tests, range(1), once=True)
    assert lane.next_job().lab == 3
    assert [test.name for test in lane.tests] == [*TESTS][1:]
    lane.note(detection.Probe(mutant.name, "3A", tests[0].name, 0, Verdict.FAILED))
    assert lane.next_job() is None
