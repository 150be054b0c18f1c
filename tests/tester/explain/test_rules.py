"""The rules of Figure 2, each broken in a trace made by hand, and each kept."""

import msgspec
import pytest

from tester.explain.explain import explain
from tester.traces import rows
from tester.traces.reader import Trace

A, B, C = (1, "a"), (1, "b"), (1, "c")


def codes(writer, persistence=False):
    header = msgspec.structs.replace(writer.header, persistence=persistence)
    return {one.code for one in explain(Trace(header, writer.rows))}


def text_of(writer, code):
    found = explain(Trace(writer.header, writer.rows))
    (text,) = [one.text for one in found if one.code == code]
    return text


def restart(writer, server):
    writer.add(rows.Control, verb="crash", args=[server])
    writer.add(rows.Boot, server=server, incarnation=2, raft_state=9)


def test_a_run_that_keeps_every_rule(elected):
    assert codes(elected) == codes(elected, persistence=True) == set()


def test_entries_after_a_gap(elected):
    elected.append(0, 1, (33, 1), [(1, "z")])
    assert codes(elected) == {"accepted-without-match"}
    assert "its own log ended at index 30" in text_of(elected, "accepted-without-match")


def test_entries_after_an_entry_of_another_term(elected):
    elected.vote(2, 1, (30, 1), term=3)
    elected.append(2, 1, (30, 2), [(3, "z")], term=3)
    text = text_of(elected, "accepted-without-match")
    assert "its own log had an entry of term 1 there" in text


@pytest.mark.parametrize("prev", [(0, 0), (12, 1)])
def test_a_refusal_of_what_fits(elected, prev):
    elected.vote(2, 1, (30, 1), term=2)
    elected.append(2, 1, prev, [], term=2, success=False)
    assert codes(elected) == {"refused-without-conflict"}


def test_a_refusal_of_what_does_not_fit(elected):
    elected.vote(2, 1, (30, 1), term=2)
    elected.append(2, 1, (31, 1), [], term=2, success=False)
    elected.append(2, 1, (30, 2), [], term=2, success=False)
    # It may have deleted what conflicted with that.
    elected.append(2, 1, (30, 1), [], term=2, success=False)
    assert "refused-without-conflict" not in codes(elected)


def test_a_refusal_in_an_older_term_than_its_own(elected):
    elected.vote(1, 0, (30, 1), term=4, granted=False)
    elected.append(0, 1, (30, 1), [], term=3, success=False)
    assert codes(elected) == {"answered-in-older-term"}


@pytest.mark.parametrize("last", [(29, 1), (30, 0), (31, 1)])
def test_a_candidate_that_misstates_its_log(elected, last):
    elected.vote(1, 2, last, term=2, granted=False)
    assert codes(elected) == {"misstated-log"}


@pytest.mark.parametrize(("sent", "found"), [(False, set()), (True, {"misstated-log"})])
def test_a_leader_may_give_up_what_it_has_not_sent(elected, sent, found):
    elected.start(0, 31, 1, "x")
    if sent:
        elected.append(0, 1, (30, 1), [(1, "x")])
    elected.vote(0, 2, (30, 1), term=2, granted=False)
    assert codes(elected) == found


def test_a_vote_for_an_older_log(elected):
    elected.vote(2, 1, (29, 1), term=2)
    assert codes(elected) == {"misstated-log", "voted-for-older-log"}


@pytest.mark.parametrize(
    "send",
    [
        lambda run: run.append(1, 2, (12, 2), [], term=2, success=False),
        lambda run: run.append(1, 2, (11, 1), [(2, "z")], term=2),
    ],
)
def test_a_leader_that_sends_what_its_log_lacks(elected, send):
    elected.vote(1, 2, (30, 1), term=2)
    send(elected)
    assert "sent-what-its-log-lacks" in codes(elected)


def test_a_command_that_the_log_does_not_hold(elected):
    elected.append(0, 1, (30, 1), [(1, "x"), (1, "y")], commit=32)
    applied = {"server": 1, "incarnation": 1}
    elected.add(rows.Applied, index=31, command="x", **applied)
    assert codes(elected) == set()
    elected.add(rows.Applied, index=32, command="x", **applied)
    assert codes(elected) == {"applied-other-entry"}


@pytest.mark.parametrize(("together", "found"), [(True, False), (False, True)])
def test_answers_may_leave_in_another_order(elected, together, found):
    elected.append(0, 1, (31, 1), [], success=False)
    *before, replied, arrived = elected.rows
    if together:
        elected.rows = before
    elected.append(0, 1, (30, 1), [(1, "x")])
    if together:
        n = len(elected.rows) + 1
        for row in (replied, arrived):
            elected.rows.append(msgspec.structs.replace(row, n=n, t=elected.now))
            n += 1
    else:
        elected.append(0, 1, (31, 1), [], success=False)
    assert ("shortened-agreeing-log" in codes(elected)) is found


@pytest.mark.parametrize(
    ("asked", "blamed"),
    [
        (1, {"shortened-agreeing-log", "refused-without-conflict"}),
        (0, {"sent-what-its-log-lacks"}),
    ],
)
def test_a_refusal_is_right_where_the_leader_asks_for_another_term(
    elected, asked, blamed
):
    elected.start(0, 31, 1, "x")
    elected.append(0, 1, (30, 1), [(1, "x")])
    elected.append(0, 1, (31, asked), [], success=False)
    assert codes(elected) == blamed


def test_an_entry_may_be_replaced_and_applied_before_the_answer(elected):
    entry, applied = [(2, "y")], {"server": 1, "incarnation": 1}
    elected.append(0, 1, (30, 1), [(1, "x")], save=True)
    elected.vote(2, 0, (30, 1), term=2)
    elected.append(2, 1, (30, 1), entry, term=2, commit=31, save=True)
    *before, replied, arrived = elected.rows
    found = rows.Applied(n=replied.n, t=replied.t, index=31, command="y", **applied)
    later = [
        msgspec.structs.replace(row, n=row.n + 1) for row in (replied, arrived)
    ]  # The handler answers when what it has stored is applied.
    elected.rows = [*before, found, *later]
    assert codes(elected) == set()
    elected.rows[-3] = msgspec.structs.replace(found, index=30)
    assert codes(elected) == {"applied-other-entry"}


@pytest.mark.parametrize(
    "after",
    [
        lambda run: run.vote(1, 2, (29, 1), term=2, granted=False, incarnation=2),
        lambda run: run.append(0, 1, (30, 1), [], success=False, incarnation=2),
    ],
)
def test_entries_that_a_restart_has_lost(elected, after):
    restart(elected, 1)
    after(elected)
    assert "lost-in-restart" in codes(elected, persistence=True)
    assert "lost-in-restart" not in codes(elected)


def test_a_term_that_a_restart_has_lost(elected):
    elected.vote(2, 1, (30, 1), term=5, save=True)
    restart(elected, 1)
    elected.vote(1, 2, (30, 1), term=2, granted=False, incarnation=2, answer=5)
    assert codes(elected, persistence=True) == {"term-lost-in-restart"}
    assert codes(elected) == set()


def test_an_answer_in_an_older_term_than_the_request(elected):
    elected.append(0, 1, (30, 1), [], term=7, success=False, answer=1)
    assert codes(elected) == {"answered-in-older-term"}


def test_a_refused_vote_need_not_take_the_term(elected):
    elected.vote(2, 1, (30, 1), term=7, granted=False, answer=1)
    assert codes(elected) == set()


def test_a_leader_of_an_older_term_that_is_obeyed(elected):
    elected.vote(1, 0, (30, 1), term=4, granted=False)
    elected.append(0, 1, (30, 1), [], answer=4)
    assert codes(elected) == {"obeyed-older-term"}


def test_a_leader_without_the_votes_of_a_majority(writer):
    writer.vote(0, 1, arrives=False)
    writer.append(0, 1, (0, 0), [])
    assert codes(writer) == {"led-without-majority"}


def test_a_vote_of_an_earlier_term_elects_nobody(writer):
    writer.vote(0, 1, term=1)
    writer.vote(0, 2, term=2, granted=False)
    writer.append(0, 1, (0, 0), [], term=2)
    assert codes(writer) == {"led-without-majority"}


def test_a_vote_of_a_candidate_for_another(writer):
    writer.vote(0, 1, granted=False)
    writer.vote(1, 0)
    assert codes(writer) == {"voted-twice"}


def test_a_request_with_a_flag_is_no_candidacy(writer):
    args = {"term": 1, "last_log_index": 0, "last_log_term": 0, "pre_vote": True}
    reply = {"term": 0, "vote_granted": True}
    writer.rpc(0, 1, "request_vote", args, reply)
    writer.rpc(1, 0, "request_vote", args, reply)
    assert writer.history.elections == []
    assert codes(writer) == set()


def stands_twice(elected, between=lambda run: None):
    elected.vote(1, 2, (30, 1), term=2)
    between(elected)
    elected.wait(1)
    elected.vote(1, 2, (30, 1), term=3, granted=False)
    return codes(elected)


def test_a_candidate_with_a_majority_that_does_not_lead(elected):
    assert stands_twice(elected) == {"elected-without-leading"}


def test_a_candidate_may_hear_of_a_higher_term_in_time(elected):
    def between(run):
        run.vote(0, 1, (30, 1), term=3, granted=False)

    assert stands_twice(elected, between) == set()


@pytest.mark.parametrize(("terms", "found"), [(2, False), (3, True)])
def test_a_vote_that_is_never_free_again(elected, terms, found):
    elected.wait(2)
    for term in range(2, 2 + terms):
        elected.vote(1, 2, (30, 1), term=term, granted=False)
    assert ("refused-free-vote" in codes(elected)) is found


def test_a_vote_is_refused_to_an_older_log(elected):
    elected.wait(2)
    elected.start(0, 31, 1, "x")
    for term in range(2, 6):
        elected.vote(1, 2, (30, 1), term=term, granted=False)
    assert "refused-free-vote" not in codes(elected)


@pytest.mark.parametrize("save", [False, True])
def test_a_conflicting_entry_that_is_not_replaced(elected, save):
    elected.vote(2, 1, (30, 1), term=3, save=True)
    elected.append(2, 1, (29, 1), [(3, "z")], term=3, save=save)
    found = codes(elected, persistence=True)
    assert ("conflict-not-replaced" in found) is not save
    assert "conflict-not-replaced" not in codes(elected)


def boot_and_wait(writer, seconds):
    writer.vote(0, 1, granted=False)
    writer.append(0, 1, (0, 0), [], term=2)
    writer.add(rows.Boot, server=2, incarnation=1)
    for _ in range(seconds):
        writer.wait(1)
        writer.append(0, 1, (0, 0), [], term=2)


@pytest.mark.parametrize(("seconds", "found"), [(2, False), (4, True)])
def test_a_server_that_never_stands(writer, seconds, found):
    boot_and_wait(writer, seconds)
    assert ("never-stands" in codes(writer)) is found


@pytest.mark.parametrize(
    ("higher", "code"), [(0, "heartbeats-end"), (1, "never-stands")]
)
def test_a_leader_falls_silent(elected, higher, code):
    elected.vote(0, 1, granted=False)
    elected.add(rows.Reported, server=0, term=1, leads=True)
    elected.append(2, 0, (0, 0), [], term=1 + higher)
    for _ in range(4):
        elected.wait(1)
        elected.append(1, 2, (0, 0), [], term=1)
    found = codes(elected) & {"heartbeats-end", "never-stands"}
    assert found == {code}


def test_a_server_whose_clock_is_slow_may_wait(writer):
    writer.add(rows.Control, verb="clock rate", args=[2, "3/1"])
    boot_and_wait(writer, 4)
    assert "never-stands" not in codes(writer)


@pytest.mark.parametrize(("seconds", "found"), [(0.1, False), (0.5, True)])
def test_a_server_that_is_sent_no_heartbeats(elected, seconds, found):
    for _ in range(6):
        elected.append(0, 1, (30, 1), [], commit=30)
        elected.wait(seconds)
    assert ("left-without-heartbeats" in codes(elected)) is found


def test_a_follower_that_applies_what_is_not_committed(elected):
    entries = [(1, "x"), (1, "y")]
    elected.append(0, 1, (30, 1), entries, commit=31)
    applied = {"server": 1, "incarnation": 1}
    elected.add(rows.Applied, index=31, command="x", **applied)
    assert codes(elected) == set()
    elected.add(rows.Applied, index=32, command="y", **applied)
    assert codes(elected) == {"applied-uncommitted"}


@pytest.mark.parametrize(("answer", "found"), [(3, False), (1, True)])
def test_a_request_may_be_stored_and_then_refused_in_a_later_term(
    elected, answer, found
):
    how = {"commit": 31, "success": False, "answer": answer}
    elected.append(0, 1, (30, 1), [(1, "x")], **how)
    elected.add(rows.Applied, server=1, incarnation=1, index=31, command="x")
    assert ("applied-uncommitted" in codes(elected)) is found


@pytest.mark.parametrize(
    ("seconds", "found"), [(0.5, set()), (2.5, {"commit-not-followed"})]
)
def test_a_follower_that_does_not_commit(elected, seconds, found):
    elected.append(0, 1, (30, 1), [(1, "x")], commit=30)
    elected.append(0, 1, (31, 1), [], commit=31)
    elected.append(0, 2, (31, 1), [], commit=31, success=False)
    elected.wait(seconds)
    elected.append(0, 2, (31, 1), [], commit=31, success=False)
    elected.append(0, 1, (31, 1), [], commit=31)
    assert codes(elected) - {"left-without-heartbeats"} == found


@pytest.mark.parametrize(
    ("seconds", "found"), [(0.5, set()), (2.5, {"majority-not-committed"})]
)
def test_a_leader_that_does_not_commit(elected, seconds, found):
    elected.start(0, 31, 1, "x")
    elected.append(0, 1, (30, 1), [(1, "x")], commit=30)
    elected.wait(seconds)
    elected.append(0, 1, (31, 1), [], commit=30)
    assert codes(elected) - {"left-without-heartbeats"} == found


@pytest.mark.parametrize(
    ("lives", "code"),
    [
        ({0: 1, 1: 1}, "refused-what-it-has"),
        ({0: 1}, "refused-again-and-again"),
        ({1: 1}, "refused-again-and-again"),
        # What it had applied before a restart it may have lost.
        ({0: 1, 1: 2}, "refused-again-and-again"),
    ],
)
def test_one_request_is_refused_again_and_again(elected, lives, code):
    for server, life in lives.items():
        applied = {"server": server, "incarnation": life}
        elected.add(rows.AppliedSnapshot, index=36, term=1, bytes=9, **applied)
    for _ in range(12):
        elected.append(0, 1, (35, 1), [(1, "x")], success=False)
    found = codes(elected) & {"refused-what-it-has", "refused-again-and-again"}
    assert found == {code}


def test_nothing_is_said_where_entries_cannot_be_read(elected):
    for row in elected.rows:
        if isinstance(row, rows.Sent) and row.method == "append_entries":
            # An index in the place of the term.
            for entry in row.body["fields"]["entries"]:
                entry[0] = 99
    elected.append(0, 1, (33, 1), [(1, "z")])
    assert codes(elected) == set()


def commits_late(run):
    run.start(0, 31, 1, "x")
    run.append(0, 1, (30, 1), [(1, "x")], commit=30)
    run.wait(2)
    run.append(0, 1, (31, 1), [], commit=30)


def follows_late(run):
    for _ in range(2):
        run.append(0, 1, (30, 1), [(1, "x")], commit=31)
        run.wait(2)


def leaves_one_out(run):
    for _ in range(6):
        run.append(0, 1, (30, 1), [], commit=30)
        run.wait(0.5)


def refuses_free_votes(run):
    run.wait(2)
    for term in range(2, 5):
        run.vote(1, 2, (30, 1), term=term, granted=False)


def repeats_heartbeats(run):
    for _ in range(100):
        run.append(0, 1, (30, 1), [], commit=30)


def stands_quickly(run):
    for term in range(2, 7):
        run.vote(1, 2, (30, 1), term=term, granted=False)


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("commit-not-followed", follows_late),
        ("elected-without-leading", stands_twice),
        ("elections-in-quick-succession", stands_quickly),
        ("left-without-heartbeats", leaves_one_out),
        ("majority-not-committed", commits_late),
        ("refused-free-vote", refuses_free_votes),
        ("requests-repeated", repeats_heartbeats),
    ],
)
def test_times_are_compared_only_where_clocks_are_right(elected, code, act):
    act(elected)
    assert code in codes(elected)
    for server in range(3):
        elected.add(rows.Control, verb="clock rate", args=[server, "1/20"])
    assert code not in codes(elected)


@pytest.mark.parametrize(("applied", "found"), [("y", True), ("x", False)])
def test_a_leader_that_sends_another_command_than_it_accepted(writer, applied, found):
    writer.vote(0, 1)
    for index, command in enumerate("ab", start=1):
        writer.start(0, index, 1, command)
        prev = (index - 1, min(index - 1, 1))
        writer.append(0, 1, prev, [(1, command)])
    writer.start(0, 3, 1, "x")
    writer.append(0, 1, (2, 1), [(1, "y")])
    # What entries hold may be something else than commands, if nobody applies it.
    writer.add(rows.Applied, server=1, incarnation=1, index=3, command=applied)
    assert ("sent-what-its-log-lacks" in codes(writer)) is found
    if found:
        text = text_of(writer, "sent-what-its-log-lacks")
        assert "index 3 with 'y', though start had returned this index" in text


@pytest.mark.parametrize("late", [False, True])
def test_a_leader_that_counts_the_answer_to_a_request_of_an_earlier_term(elected, late):
    elected.start(0, 31, 1, "x")
    elected.append(0, 1, (30, 1), [(1, "x")])
    arrived = elected.rows.pop()
    elected.vote(0, 2, (31, 1), term=2)
    elected.add(rows.Reported, server=0, incarnation=1, term=2, leads=True)
    elected.append(0, 2, (31, 1), [], term=2, success=False)
    if late:
        fields = msgspec.structs.asdict(arrived)
        elected.add(
            rows.ReplyArrived, **{k: fields[k] for k in fields if k not in "nt"}
        )
    elected.add(rows.Applied, server=0, incarnation=1, index=31, command="x")
    text = text_of(elected, "counted-unsent")
    assert "had not acknowledged it in this term" in text
    assert ("server 1 did so only in answer to a request of an earlier" in text) is late
