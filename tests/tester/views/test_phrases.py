"""A moment in phrases: what several messages have in common is said once."""

from tester.traces import rows
from tester.views.moments import moments
from tester.views.phrases import phrases


def said(story):
    trace = story.trace()
    return [[p.text for p in phrases(m, trace)] for m in moments(trace)]


def test_the_same_message_to_several_servers_is_one_phrase_with_its_losses(story):
    story.later()
    for rpc, peer in enumerate((1, 2), start=1):
        about = {"rpc": rpc, "method": "request_vote"}
        story.add(rows.Sent, 0, peer=peer, body={"class": "A", "fields": {"term": 3}},
                  size=1, step=story.step, **about)  # fmt: skip
    story.add(
        rows.Lost, 2, peer=0, why="cut off", cause=2, rpc=2, method="request_vote"
    )
    assert said(story) == [["▶ 1, 2  request_vote(term=3) ✗ cut off: 2"]]
    trace = story.trace()
    (phrase,) = phrases(moments(trace)[0], trace)
    assert phrase.rpcs == (1, 2)


def test_a_changed_attribute_has_its_old_value_and_a_deadline_is_left_out(story):
    story.changed(0, term="1", deadline="0.5", log="[]")
    story.changed(0, term="2", deadline="0.7", log="[(1, 2)]")
    assert said(story)[1] == ["term 1→2", "log=[(1, 2)]"]


def test_long_lists_are_shown_by_their_last_item(story):
    story.call(0, 1, term=1, entries=[[1, "a"], [1, "b"], [2, "c"]])
    first, second, _ = said(story)
    assert first == ["▶ 1  append_entries(term=1, entries=[3 items, last [2, 'c']])"]
    assert second[0] == "◀ 0  append_entries(term=1, entries=[3 items, last [2, 'c']])"
    assert second[1] == "▷ 0  append_entries → success=True"


def test_a_report_is_left_out_where_the_term_is_named_already(story):
    story.changed(0, term="2")
    story.add(rows.Reported, 0, step=story.step, term=2, leads=False)
    story.changed(0, votes="2")
    story.add(rows.Reported, 0, step=story.step, term=2, leads=True)
    assert said(story) == [["term=2"], ["votes=2", "says that it leads term 2"]]


def test_a_moment_of_which_nothing_can_be_said_briefly_shows_its_row(story):
    story.changed(0, deadline="0.5")
    assert said(story) == [["deadline=0.5"]]
