"""Answers without an entry of their own, and answers that do not come."""

from tester.traces import rows

OK, NO_KEY, WRONG = "OK", "ErrNoKey", "ErrWrongLeader"


def test_ok_before_any_server_has_applied_the_put_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    put = service.call(3, "put", "k", "b", 1)
    service.returns(put, OK, service.reply(service.ask(put, 0), OK).n)
    service.apply(0, 2, "put", "k", "b", 1)
    assert service.said() == ["answered-without-applying"]


def test_the_first_put_of_a_run_is_named_if_it_was_on_its_way_to_followers(service):
    put = service.call(3, "put", "k", "b", 0)
    service.returns(put, OK, service.reply(service.ask(put, 0), OK).n)
    assert service.said() == []
    service.append(0, 1, (0, 0), [(1, "b")])
    assert service.said() == ["answered-without-applying"]


def test_ok_with_another_operations_entry_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    put = service.call(3, "put", "k", "b", 1)
    arrived = service.ask(put, 0)
    service.apply(1, 3, "put", "k", "b", 1)
    service.apply(0, 2, "put", "other", "x", 0)
    service.returns(put, OK, service.reply(arrived, OK).n)
    assert service.said() == ["answered-without-applying"]


def test_a_server_that_passes_an_answer_on_need_not_have_applied_it(service):
    service.put(3, "k", "a", 0, index=1)
    put = service.call(3, "put", "k", "b", 1)
    arrived = service.ask(put, 0)
    service.apply(1, 2, "put", "k", "b", 1)
    service.step(rows.ReplyArrived, 0, peer=1, rpc=99, method="put")
    service.returns(put, OK, service.reply(arrived, OK).n)
    assert service.said() == []


def stale_get(service, between):
    service.put(3, "k", "a", 0, index=1, server=1)
    get = service.call(4, "get", "k")
    arrived = service.ask(get, 0)
    between()
    answer = ["", 0, NO_KEY]
    service.returns(get, answer, service.reply(arrived, *answer).n, marked=True)


def test_a_stale_get_without_an_entry_is_named(service):
    stale_get(service, lambda: None)
    assert service.said() == ["read-without-log"]


def test_it_is_not_if_the_server_has_asked_another_one(service):
    body = {"class": "Args", "fields": {"key": "k"}}
    stale_get(
        service,
        lambda: service.step(
            rows.Sent, 0, peer=1, rpc=99, method="get", body=body, size=1
        ),
    )
    assert service.said() == []


def test_a_get_that_an_older_entry_answers_is_named(service):
    stale_get(service, lambda: service.apply(0, 1, "put", "k", "a", 0))
    assert service.said() == ["answered-before-its-entry"]


def test_a_value_that_was_put_to_another_key_is_named(service):
    service.put(3, "k15", "a", 0, index=1)
    service.get(4, "k10", 2, ("a", 1, OK))
    assert service.said() == ["value-of-another-key"]


def refused_submit(service, term_after):
    service.leads(1, 1)
    service.append(1, 0, (0, 0), [], term=1)
    submit = service.call(1, "submit", 1)
    service.apply(1, 1, 1)
    service.returns(submit, [WRONG, None])
    service.append(1, 0, (0, 0), [], term=term_after)


def test_errwrongleader_from_a_server_that_leads_is_named(service):
    refused_submit(service, term_after=1)
    assert service.said() == ["wrong-leader-though-leading"]


def test_it_is_not_if_the_server_may_have_lost_the_term_in_that_step(service):
    refused_submit(service, term_after=2)
    assert service.said() == []


def test_a_request_that_waits_at_a_deposed_leader_is_named(service):
    service.leads(0, 1)
    get = service.call(3, "get", "k")
    service.ask(get, 0)
    service.wait(1)
    service.leads(0, 2, leads=False)
    service.wait(0.4)
    service.leads(1, 2)
    assert service.said() == []
    service.wait(0.2)
    service.leads(1, 3)
    assert service.said() == ["waits-after-leadership"]
