"""Stories: several episodes of which each makes the next one matter."""

from functools import partial
from pathlib import Path
from random import Random

import pytest

from tester import codes
from tester.search.choice_text import choice_text
from tester.search.choices import (
    Cut,
    Lose,
    MessageName,
    Recover,
    Setting,
    Start,
    TimeOut,
)
from tester.search.disturbances import Disturbances, pair
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import HEARTBEATS_MAX, elect, spread, wait_in_vain
from tester.search.exhaustive import node_of
from tester.search.judged_run import run_choices
from tester.search.stories import (
    Overtaking,
    Rivals,
    fall_behind,
    overtake,
    part,
    rival,
    rivals_meet,
    troubled,
)
from tester.search.unheard import Unheard, unheard

ROOT = Path(__file__).resolve().parents[3]

RIVALS = Rivals(0, 1, [2], dies_after=None, alone=0, at_once=False)
NO_VOTE_SAVED = (
    "pickle.dumps((self.term, self.voted_for))",
    "pickle.dumps((self.term, None))",
)
SAVED_AFTER_VOTING = (
    "self.voted_for = candidate\n                self.save()",
    "self.voted_for = candidate\n                threading.Thread(target=self.save).start()",
)
# A leader that was alone for a time-out steps down, and may vote again in its term.
VOTE_FORGOTTEN = (
    "                    continue",
    "                    self.leads, self.voted_for = False, None; self.save(); continue",
)

# It asks first whether it would win, and stands for election when a majority says so.
PRE_VOTE = (
    """
                self.term += 1
                self.voted_for, self.votes = self.me, 1
                self.save()
                for peer in range(len(self.peers)):
                    if peer != self.me:
                        args = (peer, self.term)
                        threading.Thread(target=self.ask, args=args).start()
""",
    """
                would = [self.me]
                for peer in range(len(self.peers)):
                    if peer != self.me:
                        args = (peer, self.term, would)
                        threading.Thread(target=self.ask_first, args=args).start()

    def ask_first(self, peer, term, would):
        reply = self.peers[peer].call("Raft.would", (term + 1, self.me))
        if reply is None:
            return
        with self.lock:
            self.observe(reply[0])
            would.append(peer)
            if self.term == term and reply[1] and 2 * len(would) > len(self.peers):
                self.stand()

    def would(self, args):
        return self.term, args[0] > self.term

    def stand(self):
        self.term += 1
        self.voted_for, self.votes = self.me, 1
        self.save()
        for peer in range(len(self.peers)):
            if peer != self.me:
                args = (peer, self.term)
                threading.Thread(target=self.ask, args=args).start()
""",
)
VOTE_SAVED_ONLY_WITH_ITS_TERM = (
    "self.observe(term)\n            granted",
    "known = self.term; self.observe(term)\n            granted",
    "self.voted_for = candidate\n                self.save()",
    "self.voted_for = candidate\n                if known < term: self.save()",
)


def calm():
    """Return the disturbances of a run in which nothing goes wrong by itself."""
    return Disturbances(Random(0), True, calm=1)


@pytest.fixture
def carried_out(world_rules):
    """Return a function that carries a story out, and returns the run."""

    def carry_out(story, *bug, before=()):
        rules = world_rules(*bug)
        disturbances, node = calm(), node_of(rules, ())
        for episode in (*before, story):
            run = EpisodeRun(rules, node, disturbances)
            episode(run)
            node = run.node
        return run, rules

    return carry_out


def test_two_candidates_of_one_term_get_the_vote_of_a_server_that_forgot_it(
    carried_out,
):
    story = partial(rival, RIVALS)
    run, rules = carried_out(story, *NO_VOTE_SAVED)
    assert run_choices(rules, run.node.path())[1].code is codes.TWO_LEADERS
    correct, rules = carried_out(story)
    assert run_choices(rules, correct.node.path())[1] is None


@pytest.mark.parametrize(
    ("bug", "informed", "finds"),
    [
        (NO_VOTE_SAVED, None, True),
        (VOTE_SAVED_ONLY_WITH_ITS_TERM, None, False),
        (VOTE_SAVED_ONLY_WITH_ITS_TERM, 2, True),
        ((), 2, False),
    ],
)
def test_rivals_hold_a_pre_vote_first(carried_out, bug, informed, finds):
    story = RIVALS._replace(at_once=True, informed=informed)
    run, rules = carried_out(partial(rival, story), *PRE_VOTE, *bug)
    error = run_choices(rules, run.node.path())[1]
    assert (error is not None) == finds
    assert error is None or error.code is codes.TWO_LEADERS


def test_a_voter_dies_between_its_answer_and_its_save(world_rules):
    rules = world_rules(*SAVED_AFTER_VOTING)
    # It saves the term, and answers.
    for dies_after in (None, 2):
        story = RIVALS._replace(dies_after=dies_after)
        run = EpisodeRun(rules, node_of(rules, ()), calm())
        rival(story, run)
        error = run_choices(rules, run.node.path())[1]
        assert (error is None) == (dies_after is None)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_rivals_request_reaches_a_leader_that_was_cut_off(carried_out, at_once):
    story = partial(rival, RIVALS._replace(crashed=[], alone=1, at_once=at_once))
    run, rules = carried_out(story, *VOTE_FORGOTTEN)
    assert run_choices(rules, run.node.path())[1].code is codes.TWO_LEADERS
    correct, rules = carried_out(story)
    assert run_choices(rules, correct.node.path())[1] is None
    assert not correct.state.in_flight


def test_what_is_parted_hears_nothing_until_it_is_joined(carried_out):
    away = partial(part, [1])
    run, _ = carried_out(partial(elect, 0), before=[away])
    assert [server.term for server in run.state.servers] == [1, 0, 1]
    joined, _ = carried_out(partial(part, ()), before=[away, partial(elect, 0)])
    assert joined.disturbances.blocked == frozenset()


def test_an_overtaken_leader_leads_again(carried_out):
    story = partial(overtake, Overtaking(0, [0], 1, before=1, after=1, again=True))
    run, _ = carried_out(story, before=[partial(elect, 0)])
    assert run.state.leads_latest(0)
    assert run.state.servers[1].led


def test_a_server_that_fell_behind_stands_for_election(carried_out):
    story = partial(fall_behind, 2, 0, 1, True)
    run, _ = carried_out(story, before=[partial(elect, 0)])
    assert run.state.leads_latest(2)


def test_a_late_message_arrives_after_what_happens_meanwhile(carried_out):
    story = partial(troubled, partial(elect, 0), pair(0, 1), "late", partial(elect, 2))
    run, _ = carried_out(story)
    assert "time-out 2" in [choice_text(choice) for choice in run.node.path()]
    assert run.disturbances.trouble is None
    assert not run._arrivals.late


# Who has not missed a heartbeat helps nobody to stand.
PATIENT = (
    *PRE_VOTE,
    "args[0] > self.term",
    "args[0] > self.term and self.waited",
    "self.votes, self.leads = 0, False",
    "self.votes, self.leads, self.waited = 0, False, False",
    "            with self.lock:\n                if self.leads:",
    "            with self.lock:\n                self.waited = True\n                if self.leads:",
)


@pytest.mark.parametrize("raft", [(), PRE_VOTE, PATIENT])
def test_a_candidate_that_nobody_hears_has_the_latest_term(carried_out, raft):
    story = Unheard(1, 0, terms=2, commands=1, only=None, recovers=True)
    contenders = partial(wait_in_vain, [1, 2])
    run, rules = carried_out(
        partial(unheard, story), *raft, before=[contenders, partial(elect, 0)]
    )
    terms = [server.term for server in run.state.servers]
    assert terms[1] == terms[0] + 2
    assert (run.recovers, run.left_out) == (True, (0,))
    end = Recover(without=run.left_out)
    assert run_choices(rules, [*run.node.path(), end])[1] is None


@pytest.mark.parametrize("only", [None, 2])
def test_the_reference_recovers_from_a_candidate_that_nobody_heard(happened, only):
    story = Unheard(1, 0, terms=1, commands=2, only=only, recovers=True)
    path, error = happened(
        ROOT / "raft", partial(unheard, story), Recover(without=(0,))
    )
    assert error is None
    assert Lose(MessageName(1, 2, "request_vote")) in path


@pytest.mark.parametrize("ahead", [0, 2])
def test_a_rival_may_be_ahead(carried_out, ahead):
    run, _ = carried_out(partial(rivals_meet, 0, 1, ahead))
    asked = [c for c in run.node.path() if isinstance(c, TimeOut)]
    assert [c.server for c in asked] == [0] * ahead + [0, 1]
    assert run.state.servers[0].term == 1 + ahead


def test_a_leader_sends_heartbeats_until_it_applies_what_it_has_accepted(world_rules):
    accepts = ("return -1, self.term, False", "return 1, self.term, self.leads")
    rules = world_rules(*accepts, setting=Setting(3))
    sent = []
    for before in ((), (Cut(1), Cut(2)), ()):
        run = EpisodeRun(rules, node_of(rules, ()))
        elect(0, run)
        run.take(*before)
        if sent:
            run.take(Start(0))
        spread(0, run)
        sent.append(sum(isinstance(c, TimeOut) for c in run.node.path()) - 1)
    # Nothing to apply; no majority within reach; nothing that is ever applied.
    assert sent == [1, 1, HEARTBEATS_MAX]
