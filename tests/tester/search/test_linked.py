"""A message disappears with the choice that sent it, and is renamed without another."""

from tester.search.choice_text import choice_text, parse_choices
from tester.search.linked import LinkedChoice, run_linked

# Server 1 stands twice, and its second request is the one that counts.
TWICE = parse_choices(
    """
    time-out 1
    time-out 1
    deliver 1 -> 0 vote #2
    deliver 0 -> 1 reply vote
    lose 1 -> 2 vote
    duplicate 1 -> 2 vote
    """,
    "twice",
).choices


def texts(linked):
    return [choice_text(each.choice) for each in linked]


def test_a_message_goes_with_the_choice_that_has_sent_it(world_rules):
    rules = world_rules()
    numbered = [LinkedChoice(*pair) for pair in enumerate(TWICE)]
    linked, error = run_linked(rules, numbered)
    assert error is None
    assert texts(linked) == [choice_text(choice) for choice in TWICE]
    rest, _ = run_linked(rules, linked[1:])
    assert texts(rest) == [
        "time-out 1",
        "deliver 1 -> 0 vote",
        "deliver 0 -> 1 reply vote",
        "duplicate 1 -> 2 vote",
    ]
    rest, _ = run_linked(rules, [linked[0], *linked[2:]])
    assert texts(rest) == ["time-out 1", "lose 1 -> 2 vote"]


def test_what_is_not_there_is_left_out(world_rules):
    there, away = parse_choices("time-out 0\ndeliver 2 -> 0 vote", "a file").choices
    linked, _ = run_linked(
        world_rules(), [LinkedChoice(0, away), LinkedChoice(1, there)]
    )
    assert texts(linked) == ["time-out 0"]


def test_what_a_reply_leads_to_goes_with_it(world_rules):
    asks_again = "self.leads = True; self.peers[2].call('Raft.vote', (term, self.me))"
    rules = world_rules("self.leads = True", asks_again)
    choices = parse_choices(
        """
        time-out 1
        deliver 1 -> 0 vote
        deliver 0 -> 1 reply vote
        deliver 1 -> 2 vote #2
        """,
        "a file",
    ).choices
    linked, _ = run_linked(rules, [LinkedChoice(*pair) for pair in enumerate(choices)])
    time_out, request, reply, asked_again = linked
    assert reply.delivers_reply_to(request)
    joined, _ = run_linked(rules, [time_out, request.with_reply(2), asked_again])
    assert texts(joined) == [
        "time-out 1",
        "deliver 1 -> 0 vote and its reply",
        "deliver 1 -> 2 vote #2",
    ]
    without_reply, _ = run_linked(rules, [time_out, request, asked_again])
    assert texts(without_reply) == ["time-out 1", "deliver 1 -> 0 vote"]
