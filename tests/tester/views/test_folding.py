"""Folding: repeats and losses become counts, and what is new stays."""

from tester.traces import rows
from tester.views import significance
from tester.views.folding import Fold, folded
from tester.views.moments import moments


def texts(lines):
    return [line.text() for line in lines if isinstance(line, Fold)]


def test_what_a_step_brings_about_is_one_moment_with_its_cause(story):
    story.call(0, 1, term=1)
    sent, arrived, answered = moments(story.trace())
    assert [type(row) for row in sent.rows] == [rows.Sent]
    assert [type(row) for row in arrived.rows] == [rows.Arrived, rows.Replied]
    assert [type(row) for row in answered.rows] == [rows.ReplyArrived]
    assert (sent.server, arrived.server, answered.server) == (0, 1, 0)


def test_a_loss_belongs_to_its_message_if_it_was_lost_at_once(story):
    story.call(0, 1, lost="cut off")
    (moment,) = moments(story.trace())
    assert [type(row) for row in moment.rows] == [rows.Sent, rows.Lost]


def test_changes_have_the_value_before(story):
    story.changed(1, term="1")
    story.changed(1, term="2")
    first, second = moments(story.trace())
    assert first.changes == {"term": ("", "1")}
    assert second.changes == {"term": ("1", "2")}


def test_heartbeats_that_repeat_are_folded_and_counted(story):
    for _ in range(15):
        story.call(0, 1, term=1, entries=[])
    story.call(0, 1, term=2, entries=[])
    lines = folded(story.trace())
    assert texts(lines) == ["… 14 append_entries 0→1"]
    assert len(lines) == 3 + 1 + 3
    assert sum(len(x.rows) for x in lines if isinstance(x, Fold)) == 14 * 4


def test_a_repeat_that_changes_something_is_not_folded(story):
    story.call(0, 1, term=1)
    story.call(0, 1, term=1)
    arrived = next(r for r in story.rows if isinstance(r, rows.Arrived) and r.rpc == 2)
    story.rows.append(
        rows.Changed(
            n=99, t=arrived.t, server=1, step=story.step, cause=arrived.n,
            fields={"commit_index": "1"},
        )
    )  # fmt: skip
    assert texts(folded(story.trace())) == []


def test_a_deadline_or_a_lock_that_changes_is_nothing_new():
    assert not significance.is_state("election_deadline_s", "1.5", "2.5")
    assert not significance.is_state("next_heartbeat", "1.5", "2.5")
    assert not significance.is_state("lock_count", "1", "2")
    assert significance.is_state("currentTerm", "1", "2")
    assert significance.is_state("log.entries", "[]", "[(1, 2)]")


def test_lost_messages_and_refusals_are_counted(story):
    story.call(0, 1, term=1)
    for _ in range(3):
        story.call(0, 1, term=1, lost="cut off")
        story.later()
        story.add(
            rows.Proposed, 2, step=story.step, command=5, index=-1, term=1,
            leads=False, asked_t=0,
        )  # fmt: skip
    story.control("heal")
    assert texts(folded(story.trace())) == [
        "… 3 append_entries 0→1; lost: 3 cut off; start() refused 3 times"
    ]


def test_a_fact_is_never_folded(story):
    for _ in range(9):
        story.call(0, 1, term=1)
    fact = rows.FactRow(server=1, t=story.rows[18].t, text="said so")
    lines = folded(story.trace(verdict="failed", facts=[fact]))
    assert len(texts(lines)) == 2


def test_a_long_run_is_told_in_outline_but_for_its_end(story):
    for index in range(significance.LINES_MAX):
        story.later()
        story.add(rows.Applied, 1, step=story.step, index=index, command=index)
        if index == 100:
            story.control("crash", 2)
    lines = folded(story.trace())
    assert texts(lines)[0] == "… commands applied: 101 by server 1"
    assert len(lines) == significance.LAST_IN_FULL + 3


def test_moments_in_which_nothing_changed_are_counted(story):
    story.changed(0, deadline="1.5")
    story.changed(0, deadline="2.5")
    story.control("heal")
    assert texts(folded(story.trace())) == ["… 2 moments in which nothing changed"]


def test_in_an_outline_operations_are_counted_but_for_those_in_question(
    service_story, monkeypatch
):
    monkeypatch.setattr(significance, "LINES_MAX", 10)
    monkeypatch.setattr(significance, "LAST_IN_FULL", 1)
    story = service_story
    for number in range(20):
        story.answer(story.operation(4, "put", "a", f"{number}", number), "OK")
        story.changed(4, leader=f"{number}")
    asked = story.operation(3, "get", "k")
    got = story.answer(asked, ["", 0, "ErrNoKey"])
    for number in range(20, 30):
        story.answer(story.operation(4, "put", "a", f"{number}", number), "OK")
    facts = [rows.FactRow(server=3, t=got.t, text="x")]
    lines = folded(story.trace(verdict="failed", facts=facts))
    assert texts(lines) == [
        "… 20 operations called; 20 operations returned",
        "… 10 operations called; 9 operations returned",
    ]
    kept = [row for line in lines if not isinstance(line, Fold) for row in line.rows]
    assert kept[:2] == [asked, got]
