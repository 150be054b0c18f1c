"""What is said of each mutant of the service: the rule that it breaks.

Each is run as its docstring says, where it fails; a nightly job runs all of them. Of a
service without a bug nothing is said, even if each of its operations were in question.
"""

import os
from dataclasses import replace

import pytest

from tester.detection.mutants import find_mutants
from tester.explain.explain import SERVICE_FINDERS, explain
from tester.explain.service_history import ServiceHistory
from tester.explain.service_rules import SERVICE_CODES
from tester.intake.service_submission import find_service
from tester.judging.run import Recording, run_test, trace_file
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect, suite_path
from tester.traces.reader import read_trace

SAID = {
    "another_leaders_entry_answers_nobody": "waits-after-leadership",
    "answers_what_is_applied_at_the_index": "answered-before-its-entry",
    "clerk_never_says_maybe": "sent-again-not-maybe",
    "clerk_pauses_before_each_call": "clerk-waits-before-sending",
    "clerk_puts_again_with_the_new_version": "clerk-changed-put",
    "clerk_reads_its_own_cache": "clerk-did-not-ask",
    "clerk_stays_with_one_server": "clerk-asks-one-server",
    "clerk_waits_for_the_first_leader": "clerk-asks-one-server",
    "every_server_reads_its_own_table": "read-without-log",
    "get_without_a_reply_finds_no_key": "returned-without-reply",
    "installed_snapshot_ignored": "lost-in-snapshot",
    "keys_cut_to_two_characters": "value-of-another-key",
    "leader_reads_its_own_table": "read-without-log",
    "maybe_instead_of_version": "maybe-sent-once",
    "maybe_is_taken_for_ok": "refusal-taken-for-ok",
    "maybe_without_a_reply": "returned-without-reply",
    "newer_version_is_enough": "version-not-compared",
    "only_the_leader_performs": "applied-without-effect",
    "operations_in_concurrent_threads": "applied-without-effect",
    "performs_what_was_submitted_at_once": "performed-more-than-applied",
    "put_answers_before_the_commit": "answered-without-applying",
    "put_ignores_the_version": "version-not-compared",
    "put_is_submitted_twice": "submitted-twice",
    "put_of_a_missing_key_creates_it": "version-not-compared",
    "refused_puts_raise_the_version": "refused-current-version",
    "replies_by_the_request": "answered-before-its-entry",
    "replies_in_the_order_of_requests": "answered-before-its-entry",
    "restore_keeps_the_old_table": "lost-in-snapshot",
    "snapshot_lacks_the_last_operation": "lost-in-snapshot",
    "snapshot_not_restored_at_the_start": "lost-in-snapshot",
    "version_compared_before_the_log": "version-not-compared",
    "version_read_after_the_value": "value-with-another-version",
    "version_stays": "version-not-compared",
    "versions_not_in_the_snapshot": "lost-in-snapshot",
    "waits_after_losing_leadership": "waits-after-leadership",
    "wrong_leader_although_applied": "wrong-leader-though-leading",
    "wrong_leader_means_not_applied": "sent-again-not-maybe",
}
# No message shows it, or the failure itself names it.
UNSAID = {
    "log_is_never_cut": "the failure names the size of the log",
    "requests_wait_after_kill": "the failure says that the submits have not returned",
    "snapshots_without_a_limit": "the failure names the snapshots",
    "waits_under_the_lock": "which lock a thread holds is in no row",
}
QUICK = (
    "leader_reads_its_own_table",
    "put_answers_before_the_commit",
    "version_stays",
    "wrong_leader_although_applied",
)
NIGHTLY = bool(os.environ.get("LAB_NIGHTLY"))
MUTANTS = {mutant.name: mutant for mutant in find_mutants(lab=3)}
TESTS = {test.name: test for test in collect(lab=3)}
# A leader learns of its successor in the step in which it applies; stale answers tempt.
CORRECT = ("test_rsm_leader_failure", "test_kv_one_partition")


def recorded(path, test, seed, folder):
    """Run a test once, recorded: return the run and its trace."""
    service = find_service(path, suite_path(3))
    conditions = RunConditions(service, TESTS[test], seed)
    run = run_test(conditions, recording=Recording(traces=folder, at_once=False))
    return run, read_trace(trace_file(folder, conditions))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAID) if NIGHTLY else QUICK)
def test_the_rule_that_a_mutant_breaks_is_named_first(name, tmp_path):
    mutant = MUTANTS[name]
    run, trace = recorded(mutant.path, *mutant.found_by, tmp_path)
    assert not run.passed
    assert explain(trace)[0].code == SAID[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TESTS) if NIGHTLY else CORRECT)
def test_nothing_is_said_of_a_service_without_a_bug(name, tmp_path, project):
    run, trace = recorded(project / "tests/services/kv_threads", name, 0, tmp_path)
    assert run.passed
    history = ServiceHistory(trace)
    history.operations = [replace(one, mark="①") for one in history.operations]
    assert [one for find in SERVICE_FINDERS for one in find(history)] == []


def test_every_mutant_is_listed():
    assert {*SAID, *UNSAID} == set(MUTANTS)
    assert not set(SAID) & set(UNSAID)


def test_every_code_is_that_of_a_mutant():
    assert set(SERVICE_CODES) == set(SAID.values())
