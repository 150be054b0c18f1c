"""What is said of each mutant: the rule that it breaks, where messages can show that.

Each is run as its docstring says, where it fails. A nightly job runs all of them.
"""

import os
import re
from pathlib import Path

import pytest

from tester.detection.mutants import find_mutants
from tester.explain.explain import explain
from tester.explain.explanation import CODES

SAID = {
    "append_reply_term_ignored": "ignored-higher-term",
    "appended_entries_not_saved": "accepted-without-saving",
    "applies_under_the_lock": "lock-held",
    "beginning_read_before_the_batch": "applied-other-entry",
    "candidate_accepts_commands": "led-without-majority",
    "candidate_counts_from_the_snapshot": "misstated-log",
    "candidate_does_not_count_itself": "elected-without-leading",
    "candidate_has_no_term_after_snapshot": "misstated-log",
    "candidate_never_tries_again": "never-stands",
    "candidate_refuses_the_leader": "refused-without-conflict",
    "candidate_refuses_the_snapshot": "refused-again-and-again",
    "candidate_stays_on_conflict": "stood-though-it-heard",
    "commits_before_the_check": "applied-uncommitted",
    "commits_only_whole_log": "majority-not-committed",
    "conflict_at_the_last_index": "refused-again-and-again",
    "conflict_limited_to_fifty": "refused-again-and-again",
    "conflict_named_once_in_a_term": "refused-again-and-again",
    "conflicts_not_replaced": "conflict-not-replaced",
    "counts_replicas_of_older_terms": "committed-older-term",
    "empty_log_has_no_term": "voted-for-older-log",
    "entries_saved_after_reply": "accepted-without-saving",
    "equal_timeouts": "candidates-at-once",
    "first_entry_stands_for_all": "accepted-without-saving",
    "given_vote_not_saved": "voted-twice",
    "half_is_a_majority": "led-without-majority",
    "half_is_enough_to_commit": "counted-unsent",
    "heartbeat_does_not_commit": "commit-not-followed",
    "heartbeat_skips_the_check": "accepted-without-match",
    "heartbeats_wait_for_replies": "left-without-heartbeats",
    "holes_in_packed_entries": "start-returned-another-index",
    "installed_snapshot_not_saved": "installed-without-saving",
    "last_entry_acknowledged": "counted-unsent",
    "last_log_index_off_by_one": "misstated-log",
    "late_snapshot_reply_ignored": "snapshot-again-and-again",
    "leader_does_not_count_itself": "majority-not-committed",
    "longer_log_refuses_snapshot": "refused-again-and-again",
    "lost_wake_up_of_the_applier": "commit-not-followed",
    "match_from_length_at_reply": "counted-unsent",
    "match_index_not_reset": "counted-unsent",
    "new_term_not_saved": "term-lost-in-restart",
    "older_leader_lowers_the_term": "obeyed-older-term",
    "own_vote_not_saved": "term-lost-in-restart",
    "previous_term_not_compared": "accepted-without-match",
    "refusal_counted_twice": "negative-prev-log-index",
    "refusal_in_the_senders_term": "answered-in-older-term",
    "refused_snapshot_again": "snapshot-again-and-again",
    "refuses_below_its_snapshot": "refused-what-it-has",
    "replaced_entries_not_saved": "conflict-not-replaced",
    "replies_counted_not_servers": "counted-unsent",
    "role_kept_in_new_term": "led-two-terms-without-election",
    "second_vote": "voted-twice",
    "snapshot_again_and_again": "snapshot-again-and-again",
    "snapshot_discards_the_log": "shortened-agreeing-log",
    "snapshot_saved_separately": "crashed-between-saves",
    "snapshot_sets_the_term": "answered-in-older-term",
    "stale_append_reply_counted": "counted-unsent",
    "stale_leader_obeyed": "obeyed-older-term",
    "stale_snapshot_conflict_loop": "snapshot-again-and-again",
    "stale_suffix_kept": "misstated-log",
    "stale_vote_counted": "led-without-majority",
    "start_checks_the_role_too_early": "led-two-terms-without-election",
    "suffix_committed_with_a_snapshot": "applied-uncommitted",
    "suffix_dropped_at_step_down": "misstated-log",
    "term_not_saved": "term-lost-in-restart",
    "term_read_when_sent": "two-send-as-leaders",
    "three_are_a_majority": "led-without-majority",
    "timer_ends_with_leadership": "never-stands",
    "timer_not_reset_on_refusal": "stood-though-it-heard",
    "timer_reset_by_any_candidate": "refused-votes-restart-timer",
    "timer_reset_by_stale_leader": "never-stands",
    "truncates_below_its_snapshot": "shortened-agreeing-log",
    "truncates_on_every_append": "shortened-agreeing-log",
    "up_to_date_by_length": "voted-for-older-log",
    "up_to_date_in_either": "voted-for-older-log",
    "up_to_date_to_commit_index": "voted-for-older-log",
    "vote_checked_then_given": "voted-twice",
    "vote_cleared_by_leader": "voted-twice",
    "vote_discards_uncommitted": "misstated-log",
    "vote_kept_in_new_term": "refused-free-vote",
    "vote_reply_term_ignored": "ignored-higher-term",
    "vote_saved_after_reply": "voted-twice",
    "voter_counts_from_the_snapshot": "voted-for-older-log",
    "voter_never_stands": "never-stands",
    "votes_asked_under_the_lock": "lock-held",
    "votes_for_any_log": "voted-for-older-log",
    "votes_lost_in_update": "elected-without-leading",
    "votes_not_saved": "voted-twice",
}
# What they do differently is in no message, or the failure itself names it.
UNSAID = {
    "applies_again_after_restart": "an exception of the applier, with its line",
    "applies_in_concurrent_threads": "the order of applying, which the failure names",
    "backs_off_without_end": "what a leader does not send",
    "backs_up_by_one": "slow, and allowed by Figure 2",
    "commit_index_sent_once": "a leader_commit lower than the one before is allowed",
    "committing_outlives_leadership": "it leads no more, and what it counts is in no message",
    "compacted_entries_off_by_one": "an entry that is stored twice shows only later",
    "compacts_beyond_the_snapshot": "the failure names the snapshot's index",
    "failed_call_retried_unchecked": "a request is built anew for another term",
    "log_applied_at_restart": "the failure says that it may have been applied at a restart",
    "lost_call_resets_next_index": "the failure counts the bytes",
    "lost_heartbeats_sent_again": "the failure counts them",
    "lost_snapshot_awaited": "what a leader does not send",
    "match_from_latest_snapshot": "next_index of one server",
    "next_index_not_reset": "an exception of the leader, with its line",
    "next_index_stuck": "each request is right, and the failure counts them",
    "no_election_after_snapshot": "requests for votes that it refuses excuse its timer",
    "older_snapshot_installed": "the failure says that the snapshot went back",
    "older_snapshot_of_the_service": "an exception of snapshot(), with its line",
    "older_snapshot_saved": "the failure names the index from which it goes on",
    "reply_term_compared_with_its_request": "the failure names both terms",
    "save_drops_the_snapshot": "the failure names the snapshot that is gone",
    "saves_without_the_lock": "the failure names the index that start returned twice",
    "snapshot_applied_beside_the_applier": "the order of applying",
    "snapshot_brings_back_older_log": "the failure names the index that start returned "
    "twice",
    "snapshot_chunks_resumed": "an RPC that the paper does not have",
    "snapshot_compared_with_the_last_one": "the failure says that the state went back",
    "snapshot_not_reloaded": "an exception of the applier, with its line",
    "snapshot_only_before_its_last": "an exception of the leader, with its line",
    "snapshot_read_when_sent": "the failure names the snapshot's index",
    "snapshot_term_not_saved": "a refusal that its log below the snapshot may excuse",
    "started_entries_not_saved": "a leader may save what start appends later",
}
# Shown by traces made by hand, or said where one of the others is true as well.
BESIDE = {
    "heartbeats-end",
    "lost-in-restart",
    "sent-what-its-log-lacks",
    "stood-without-saving",
}
QUICK = (
    "leader_does_not_count_itself",
    "half_is_a_majority",
    "heartbeat_skips_the_check",
    "stale_leader_obeyed",
)
MISTAKES = Path(__file__).resolve().parents[2] / "mistakes"
NAMES = sorted(SAID) if os.environ.get("LAB_NIGHTLY") else QUICK
MUTANTS = {mutant.name: mutant for mutant in find_mutants()}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_rule_that_a_mutant_breaks_is_named(name, graded_tests, recorded):
    mutant = MUTANTS[name]
    test, seed = mutant.found_by
    run, trace = recorded(mutant.path, graded_tests[test], seed, mutant.preempt)
    assert not run.passed
    assert SAID[name] in [one.code for one in explain(trace)]


def test_every_mutant_that_can_fail_is_listed():
    assert {*SAID, *UNSAID} == {name for name, one in MUTANTS.items() if one.found_by}
    assert not set(SAID) & set(UNSAID)


def test_every_code_is_that_of_a_mistake_or_a_mutant_or_has_a_reason():
    said = set()
    for file in MISTAKES.glob("*.py"):
        codes = re.search(r"^Says: (.+)$", file.read_text(), re.MULTILINE)[1]
        said |= set(codes.split("|"))
    assert set(CODES) - said - set(SAID.values()) == BESIDE
