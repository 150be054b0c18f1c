"""Answers without an entry of their own, and answers that do not come."""

import json

import pytest

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
    service.append(0, 1, (0, 0), [(1, ["put", "k", "b", 0])])
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


def stale_get(service, between, index=1):
    service.put(3, "k", "a", 0, index=index, server=1)
    get = service.call(4, "get", "k")
    arrived = service.ask(get, 0)
    between()
    answer = ["", 0, NO_KEY]
    service.returns(get, answer, service.reply(arrived, *answer).n, marked=True)


def test_a_stale_get_without_an_entry_is_named(service):
    stale_get(service, lambda: None)
    assert service.said() == ["read-without-log"]


@pytest.mark.parametrize("fields", [{"key": "k"}, {"0": '["get", "k"]'}, {"0": 7}])
def test_it_is_not_if_the_server_may_have_asked_another_one(service, fields):
    body = {"class": "Args", "fields": fields}
    stale_get(
        service,
        lambda: service.step(
            rows.Sent, 0, peer=1, rpc=99, method="get", body=body, size=1
        ),
    )
    assert service.said() == []


def test_a_get_that_an_older_entry_answers_is_named(service):
    service.apply(1, 1, "put", "k", "b", 1)
    stale_get(service, lambda: service.apply(0, 1, "put", "k", "b", 1), index=2)
    assert service.said() == ["answered-before-its-entry"]


def test_a_server_that_has_applied_what_was_committed_may_read_without_an_entry(
    service,
):
    """It may have asked a majority first: ReadIndex, which lab 2 teaches."""
    stale_get(service, lambda: service.apply(0, 1, "put", "k", "a", 0))
    assert service.said() == []
    service.get(3, "k", 2, ("a", 1, OK), marked=False)
    get = service.call(4, "get", "k")
    answer = ["", 0, NO_KEY]
    service.apply(1, 2, "get", "k")
    arrived = service.ask(get, 0)
    service.apply(1, 3, "put", "other", "x", 0)
    service.returns(get, answer, service.reply(arrived, *answer).n, marked=True)
    assert "read-without-log" not in service.said()


def test_what_a_server_has_from_the_snapshot_of_its_start_counts_as_applied(service):
    service.step(rows.Snapshotted, 0, index=1, bytes=9)
    service.step(rows.Boot, 0, incarnation=2, snapshot=9)
    stale_get(service, lambda: None)
    assert service.said() == []


def test_requests_as_json_are_read(service):
    for number in range(3):
        put = service.call(3, "put", "k", f"{number}", number)
        text = json.dumps(
            {"op": "put", "key": "k", "value": f"{number}", "version": number}
        )
        arrived = service.ask(put, 0)
        service.step(rows.Applied, 0, index=number + 1, command=["2", number, text])
        service.returns(put, OK, service.reply(arrived, OK).n)
    assert service.said() == []
    put = service.call(3, "put", "k", "9", 3)
    service.returns(put, OK, service.reply(service.ask(put, 0), OK).n)
    assert service.said() == ["answered-without-applying"]


@pytest.mark.parametrize("way", ["cut JSON", "bytes"])
def test_a_text_that_happens_to_be_a_value_makes_no_entry_readable(service, way):
    put = service.call(3, "put", "k", "2", 0)
    opaque = '{"op": "put", "key": "k", "val…' if way == "cut JSON" else {"bytes": 40}
    arrived = service.ask(put, 0)
    service.append(0, 1, (0, 0), [(1, ["2", 0, opaque])])
    service.step(rows.Applied, 0, index=1, command=["2", 0, opaque])
    service.returns(put, OK, service.reply(arrived, OK).n)
    assert service.said() == []


def test_ok_for_a_put_that_came_with_a_snapshot_is_no_mistake(service):
    service.put(3, "k", "a", 0, index=1)
    put = service.call(3, "put", "k", "b", 1)
    arrived = service.ask(put, 0)
    service.apply(1, 2, "put", "k", "b", 1)
    service.step(rows.AppliedSnapshot, 0, index=2, term=1, bytes=9)
    service.apply(0, 3, "put", "other", "x", 0)
    service.returns(put, OK, service.reply(arrived, OK).n)
    assert service.said() == []


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
