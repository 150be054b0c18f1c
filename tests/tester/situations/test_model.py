"""Each situation is met by facts that bring it about, and not by some that hardly differ."""

import pytest

from tester.situations.catalogue import SITUATIONS
from tester.situations.model import Append, Install, SituationModel, VoteRequest


class Facts:
    """Facts of a run of three servers, written by hand."""

    def __init__(self):
        self.model = SituationModel(3)
        self.number = 0

    def vote(self, src, dst, term, log=(0, 0), granted=True, reply_term=None):
        request = VoteRequest(src, dst, term, *log)
        self.model.sent(request)
        self.model.arrived(request)
        self.answer_vote(request, granted, reply_term)
        return request

    def answer_vote(self, request, granted=True, reply_term=None):
        term = request.term if reply_term is None else reply_term
        self.model.vote_answered(request, term, granted)

    def append(self, src, dst, term, prev=0, entries=(), commit=0, success=True):
        self.number += 1
        request = Append(src, dst, term, prev, list(entries), commit, self.number)
        self.model.sent(request)
        self.model.arrived(request)
        self.model.append_answered(request, term, success)
        return request

    def install(self, src, dst, term, index, last_term):
        request = Install(src, dst, term, index, last_term)
        self.model.sent(request)
        self.model.arrived(request)

    def crash(self, *servers, **how):
        for server in servers:
            how = {"before_reply": False, "between_saves": False} | how
            self.model.crashed(server, **how)

    def start(self, *servers):
        for server in servers:
            self.model.restarted(server)

    def lead(self, src=0, term=1, entries=()):
        """Let a server lead, and both others store what it has."""
        self.vote(src, (src + 1) % 3, term)
        for index, _ in enumerate(entries, start=1):
            self.model.accepted(src, index, term)
        for dst in {0, 1, 2} - {src}:
            self.append(src, dst, term, 0, entries)


def one_leads(facts):
    facts.lead(entries=[1, 1, 1])


def one_is_elected_later(facts):
    facts.vote(1, 2, 1, granted=False)
    facts.lead(0, 2)


def a_candidate_yields(facts):
    facts.vote(1, 1, 1)
    facts.lead(0, 1)


def a_reply_deposes(facts):
    facts.lead()
    request = facts.append(0, 1, 1)
    facts.model.reply_arrived(request, 2)


def a_request_deposes(facts):
    facts.lead()
    facts.vote(1, 0, 2, granted=False)


def a_second_candidate_asks(facts):
    facts.vote(0, 2, 1)
    facts.vote(1, 2, 1, granted=False)


def an_older_log_asks(facts, log=(9, 0)):
    one_leads(facts)
    facts.vote(1, 2, 2, log, granted=False)


def a_shorter_log_asks(facts):
    an_older_log_asks(facts, (1, 1))


def a_stale_candidate_asks(facts):
    facts.vote(0, 2, 2)
    facts.vote(1, 2, 1, granted=False, reply_term=2)


def a_vote_comes_late(facts):
    request = facts.vote(0, 2, 1)
    facts.vote(1, 0, 2)
    facts.model.reply_arrived(request, 1)


def a_request_comes_twice(facts):
    facts.answer_vote(facts.vote(0, 2, 1))


def a_term_is_skipped(facts):
    facts.vote(0, 2, 2)


def a_log_is_too_short(facts):
    one_leads(facts)
    facts.append(0, 1, 1, 7, [1], success=False)


def logs_conflict(facts, older=(1, 1, 1, 1)):
    """Server 1 has older entries that the leader of term 3 lacks."""
    one_leads(facts)
    facts.append(2, 1, 2, 0, older)
    facts.append(0, 1, 3, 3, success=False)


def a_suffix_is_replaced(facts, older=(1, 1, 2, 2)):
    one_leads(facts)
    facts.append(2, 1, 2, 0, older)
    facts.append(0, 1, 3, 4, success=False)
    facts.append(0, 1, 3, 1, [3])


def two_terms_are_replaced(facts):
    a_suffix_is_replaced(facts, (1, 1, 2, 2))
    facts.append(2, 1, 4, 0, [1, 2, 4])
    facts.append(0, 1, 5, 4, success=False)
    facts.append(0, 1, 5, 1, [5])


def a_leader_goes_far_back(facts):
    one_leads(facts)
    facts.append(0, 1, 1, 20, success=False)
    facts.append(0, 1, 1, 3, [1])


def nothing_new_comes(facts):
    one_leads(facts)
    facts.append(0, 1, 1, 1, [1, 1])


def a_part_comes_again(facts):
    one_leads(facts)
    facts.append(0, 1, 1, 1, [1])


def replies_overtake(facts):
    one_leads(facts)
    first, second = facts.append(0, 1, 1, 3), facts.append(0, 1, 1, 3)
    for request in (second, first):
        facts.model.reply_arrived(request, 1)


def replies_come_in_order(facts):
    one_leads(facts)
    for request in (facts.append(0, 1, 1, 3), facts.append(0, 1, 1, 3)):
        facts.model.reply_arrived(request, 1)


def a_stale_leader_sends(facts):
    facts.lead()
    facts.vote(2, 1, 2)
    facts.append(0, 1, 1, success=False)


def an_older_entry_reaches_a_majority(facts):
    """The entry of term 1 is on servers 0 and 1 in term 3."""
    facts.model.accepted(0, 1, 1)
    facts.append(0, 1, 3, 0, [1])


def it_is_committed(facts):
    an_older_entry_reaches_a_majority(facts)
    facts.model.applied(1, 1)


def it_is_replaced(facts):
    an_older_entry_reaches_a_majority(facts)
    facts.append(2, 1, 4, 0, [2])


def a_commit_is_ahead(facts):
    facts.append(0, 1, 1, 0, [1], commit=2)


def two_of_three_store_it(facts):
    facts.model.accepted(0, 1, 1)
    facts.append(0, 1, 1, 0, [1])
    facts.model.applied(0, 1)


def all_store_it(facts):
    one_leads(facts)
    facts.model.applied(0, 1)


def a_command_is_lost(facts):
    facts.model.accepted(0, 1, 1)
    facts.append(2, 1, 2, 0, [2])
    facts.model.applied(1, 1)


def a_voter_restarts(facts):
    facts.vote(0, 2, 1)
    facts.crash(2)
    facts.start(2)


def one_restarts(facts):
    facts.crash(2)
    facts.start(2)


def one_with_entries_restarts(facts):
    one_leads(facts)
    one_restarts(facts)


def one_that_has_applied_restarts(facts):
    one_leads(facts)
    facts.model.applied(2, 3)
    one_restarts(facts)


def a_snapshot_is_made(facts, applied=2):
    one_leads(facts)
    facts.model.applied(1, applied)
    facts.model.snapshot_made(1, 2)


def all_is_in_the_snapshot(facts):
    a_snapshot_is_made(facts, applied=3)


def one_with_a_snapshot_restarts(facts):
    a_snapshot_is_made(facts)
    facts.crash(1)
    facts.start(1)


def a_snapshot_comes(facts, index=2, last_term=1, applied=0):
    one_leads(facts)
    facts.model.applied(1, applied)
    facts.install(0, 1, 1, index, last_term)


def to_one_behind(facts):
    a_snapshot_comes(facts, index=9)


def to_one_that_conflicts(facts):
    a_snapshot_comes(facts, last_term=2)


def to_one_that_has_applied_it(facts):
    a_snapshot_comes(facts, applied=2)


def entries_begin_inside_a_snapshot(facts):
    a_snapshot_is_made(facts)
    facts.append(0, 1, 1, 1, [1])


def a_conflict_lies_below_a_snapshot(facts):
    logs_conflict(facts)
    facts.install(0, 1, 3, 2, 1)


def another_leads_meanwhile(facts):
    facts.lead(0, 1)
    facts.vote(1, 2, 2)
    facts.append(1, 2, 2)


def another_leads_afterwards(facts):
    facts.lead(0, 1)
    facts.crash(0)
    facts.vote(1, 2, 2)
    facts.append(1, 2, 2)


def all_restart(facts):
    facts.crash(0, 1, 2)
    facts.start(0, 1, 2)


def two_restart(facts):
    facts.crash(0, 1)
    facts.start(0, 1)


# Facts that meet a situation, and facts that do not.
EXAMPLES = {
    "elected-at-once": (one_leads, one_is_elected_later),
    "elected-after-split-vote": (one_is_elected_later, one_leads),
    "candidate-yields": (a_candidate_yields, one_leads),
    "deposed-by-reply": (a_reply_deposes, a_request_deposes),
    "deposed-by-request": (a_request_deposes, a_reply_deposes),
    "vote-refused-given": (a_second_candidate_asks, an_older_log_asks),
    "vote-refused-older-term": (an_older_log_asks, a_shorter_log_asks),
    "vote-refused-shorter": (a_shorter_log_asks, an_older_log_asks),
    "longer-log-loses": (an_older_log_asks, a_shorter_log_asks),
    "vote-request-of-older-term": (a_stale_candidate_asks, a_second_candidate_asks),
    "vote-reply-too-late": (a_vote_comes_late, a_second_candidate_asks),
    "vote-request-twice": (a_request_comes_twice, a_second_candidate_asks),
    "term-skipped": (a_term_is_skipped, one_leads),
    "append-refused-short": (a_log_is_too_short, logs_conflict),
    "append-refused-conflict": (logs_conflict, a_log_is_too_short),
    "backed-up-over-terms": (two_terms_are_replaced, a_leader_goes_far_back),
    "backed-up-far": (a_leader_goes_far_back, a_suffix_is_replaced),
    "suffix-replaced": (a_suffix_is_replaced, a_leader_goes_far_back),
    "append-brings-nothing": (nothing_new_comes, a_part_comes_again),
    "append-shorter-prefix": (a_part_comes_again, nothing_new_comes),
    "replies-out-of-order": (replies_overtake, replies_come_in_order),
    "append-of-deposed-leader": (a_stale_leader_sends, one_leads),
    "older-term-committed": (it_is_committed, two_of_three_store_it),
    "older-term-replaced": (it_is_replaced, it_is_committed),
    "commit-beyond-entries": (a_commit_is_ahead, one_leads),
    "bare-majority-commit": (two_of_three_store_it, all_store_it),
    "command-lost": (a_command_is_lost, two_of_three_store_it),
    "restart-having-voted": (a_voter_restarts, one_restarts),
    "restart-with-uncommitted": (
        one_with_entries_restarts,
        one_that_has_applied_restarts,
    ),
    "crash-before-reply": (lambda f: f.crash(0, before_reply=True), one_restarts),
    "crash-between-saves": (lambda f: f.crash(0, between_saves=True), one_restarts),
    "snapshot-below-entries": (a_snapshot_is_made, all_is_in_the_snapshot),
    "restart-from-snapshot": (one_with_a_snapshot_restarts, one_with_entries_restarts),
    "snapshot-to-one-behind": (to_one_behind, a_snapshot_comes),
    "snapshot-to-one-ahead": (a_snapshot_comes, to_one_behind),
    "snapshot-with-matching-tail": (a_snapshot_comes, to_one_that_conflicts),
    "append-inside-snapshot": (entries_begin_inside_a_snapshot, a_part_comes_again),
    "conflict-inside-snapshot": (a_conflict_lies_below_a_snapshot, a_snapshot_comes),
    "snapshot-skipped": (to_one_that_has_applied_it, a_snapshot_comes),
    "two-leaders": (another_leads_meanwhile, another_leads_afterwards),
    "heard-not-answered": (lambda f: f.model.reply_lost(), one_leads),
    "all-down-and-up": (all_restart, two_restart),
}


def met(build):
    """Return what some facts meet."""
    facts = Facts()
    build(facts)
    return list(facts.model.met)


def test_every_situation_has_an_example():
    assert list(EXAMPLES) == list(SITUATIONS)


@pytest.mark.parametrize("name", SITUATIONS)
def test_facts_meet_a_situation_or_not(name):
    meets, misses = EXAMPLES[name]
    assert name in met(meets)
    assert name not in met(misses)
