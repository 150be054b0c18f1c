"""What a clerk did wrong, shown by traces made by hand; and what is no mistake."""

import msgspec

from tester.explain.explain import explain, explanation_lines
from tester.traces import rows

OK, VERSION, MAYBE, WRONG = "OK", "ErrVersion", "ErrMaybe", "ErrWrongLeader"


def test_operations_as_they_should_be_are_no_mistake(service):
    service.leads(0, 1)
    service.put(3, "k", "a", 0, index=1)
    service.put(4, "k", "b", 1, index=2)
    service.put(3, "k", "c", 1, index=3, answer=VERSION)
    service.get(4, "k", 4, ("b", 2, OK))
    again = service.call(3, "put", "k", "d", 2)
    service.no_reply(service.ask(again, 0))
    arrived = service.ask(again, 1)
    got = service.reply(arrived, WRONG)
    assert got.peer == 1
    arrived = service.ask(again, 0)
    service.apply(0, 5, "put", "k", "d", 2)
    service.apply(0, 6, "put", "k", "d", 2)
    service.returns(again, MAYBE, service.reply(arrived, VERSION).n)
    assert service.said() == []


def test_a_get_without_a_request_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    get = service.call(3, "get", "k")
    service.returns(get, ["a", 1, OK], marked=True)
    assert service.said() == ["clerk-did-not-ask"]
    lines = explanation_lines(service.trace, explain(service.trace))
    assert "the clerk of client 0 asked no server for get('k')" in lines[1]
    assert "client 0 returns a, 1" in lines[2]


def test_a_put_that_is_sent_with_another_version_is_named(service):
    service.put(3, "k", "b", 0, index=1)
    put = service.call(4, "put", "k", "a", 0)
    arrived = service.ask(put, 0)
    service.apply(0, 2, "put", "k", "a", 0)
    service.reply(arrived, VERSION)
    again = msgspec.structs.replace(put, args=["k", "a", 1])
    arrived = service.ask(again, 0)
    service.apply(0, 3, "put", "k", "a", 1)
    service.returns(put, OK, service.reply(arrived, OK).n)
    assert service.said() == ["clerk-changed-put"]


def test_an_answer_without_a_reply_is_named_unless_an_earlier_one_had_it(service):
    for refused, codes in ((True, ["returned-without-reply"]), (False, [])):
        get = service.call(3, "get", "k")
        parts = [WRONG] if refused else ["a", 1, OK]
        service.reply(service.ask(get, 1), *parts)
        service.no_reply(service.ask(get, 0))
        service.returns(get, ["", 0, "ErrNoKey"])
        assert service.said() == codes
        service.rows.clear()


def test_errmaybe_for_a_put_that_was_sent_once_is_named(service):
    put = service.call(3, "put", "k", "a", 4)
    arrived = service.ask(put, 0)
    service.apply(0, 1, "put", "k", "a", 4)
    service.returns(put, MAYBE, service.reply(arrived, VERSION).n)
    assert service.said() == ["maybe-sent-once"]


def test_errversion_for_a_put_whose_first_copy_was_performed_is_named(service):
    put = service.call(3, "put", "k", "a", 0)
    service.no_reply(service.ask(put, 0))
    service.apply(0, 1, "put", "k", "a", 0)
    arrived = service.ask(put, 0)
    service.apply(0, 2, "put", "k", "a", 0)
    service.returns(put, VERSION, service.reply(arrived, VERSION).n, marked=True)
    assert service.said() == ["sent-again-not-maybe"]
    lines = explanation_lines(service.trace, explain(service.trace))
    assert any("to server 0, and gets no reply" in line for line in lines)
    # A service that remembers what it answered may know that neither was performed.
    service.facts.clear()
    assert service.said() == []


def test_servers_that_do_not_lead_are_left_out_of_what_a_clerk_sent(service):
    put = service.call(3, "put", "k", "a", 0)
    service.no_reply(service.ask(put, 0))
    service.apply(0, 1, "put", "k", "a", 0)
    for server in (1, 2, 1, 2):
        service.reply(service.ask(put, server), WRONG)
    arrived = service.ask(put, 0)
    service.apply(0, 2, "put", "k", "a", 0)
    service.returns(put, VERSION, service.reply(arrived, VERSION).n, marked=True)
    (one,) = explain(service.trace)
    answers = [fact.text.rpartition("gets ")[2] for fact in one.facts]
    assert answers == ["no reply", VERSION, f"returns {VERSION}"]


def test_ok_for_a_put_that_was_refused_is_named(service):
    put = service.call(3, "put", "k", "a", 3)
    service.returns(put, OK, service.reply(service.ask(put, 0), VERSION).n)
    assert service.said() == ["refusal-taken-for-ok"]


def test_a_clerk_that_asks_one_server_only_is_named_if_another_one_leads(service):
    service.leads(2, 1)
    get = service.call(3, "get", "k")
    service.reply(service.ask(get, 1), WRONG)
    for _ in range(12):
        service.reply(service.ask(get, 0), WRONG)
        service.wait(0.2)
    assert service.said() == ["clerk-asks-one-server"]
    service.leads(2, 2, leads=False)
    assert service.said() == []
    service.leads(2, 3)
    service.ask(get, 1)
    assert service.said() == []


def test_pauses_before_the_first_request_are_named_if_they_take_most_of_the_time(
    service,
):
    for number in range(12):
        get = service.call(3, "get", "k")
        if number % 3:
            service.wait(0.05)
        service.returns(get, ["a", 1, OK], service.reply(service.ask(get, 0), OK).n)
    assert service.said() == ["clerk-waits-before-sending"]


def test_what_a_server_sends_while_a_submit_waits_is_no_clerks(service):
    service.leads(1, 1)
    for number in range(12):
        submit = service.call(0, "submit", number)
        service.wait(0.05)
        lost = service.ask(submit, 1)
        service.no_reply(lost)
        service.returns(submit, [WRONG, None])
    service.call(0, "submit", 99)
    for _ in range(12):
        service.append(0, 2, (0, 0), [])
        service.wait(0.2)
    assert service.said() == []


def test_the_copies_of_which_entries_were_made_are_shown_whatever_was_answered(service):
    put = service.call(3, "put", "k", "a", 0)
    arrived = service.ask(put, 1)
    service.add(
        rows.Saved, server=1, step=service.steps, raft_state=9, snapshot=0, digest="d"
    )
    service.reply(arrived, WRONG)
    for server in (2, 0, 2, 0):
        service.reply(service.ask(put, server), WRONG)
    service.apply(0, 1, "put", "k", "a", 0)
    arrived = service.ask(put, 0)
    service.apply(0, 2, "put", "k", "a", 0)
    service.returns(put, VERSION, service.reply(arrived, VERSION).n, marked=True)
    (one,) = explain(service.trace)
    shown = [fact.text for fact in one.facts]
    assert shown[0].endswith(f"to server 1, and gets {WRONG}")
    assert shown[1].endswith(f"to server 0, and gets {VERSION}")
    assert len(shown) == 3
    assert one.text.endswith("4 of its requests are left out here")


def test_a_server_that_passes_a_put_on_has_sent_it_again(service):
    put = service.call(3, "put", "k", "a", 0)
    arrived = service.ask(put, 0)
    service.pass_on(0, 1, "k", "a", 0)
    service.apply(0, 1, "put", "k", "a", 0)
    service.apply(1, 2, "put", "k", "a", 0)
    service.returns(put, VERSION, service.reply(arrived, VERSION).n, marked=True)
    (one,) = explain(service.trace)
    assert one.code == "sent-again-not-maybe"
    assert (
        "server 0 got put('k', 'a', 0) of client 0, and sent it to server 1" in one.text
    )


def test_a_refusal_that_says_whose_version_it_is_may_be_ok(service):
    for sent, parts, codes in (
        (2, [VERSION, 7], []),
        (2, [VERSION], ["refusal-taken-for-ok"]),
        (1, [VERSION, 7], ["refusal-taken-for-ok"]),
    ):
        put = service.call(3, "put", "k", "a", 0)
        for _ in range(sent - 1):
            service.no_reply(service.ask(put, 0))
        got = service.reply(service.ask(put, 0), *parts)
        service.returns(put, OK, got.n)
        assert service.said() == codes
        service.rows.clear()
