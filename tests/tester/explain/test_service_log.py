"""Puts by their places in the log, and answers that lack what a snapshot should have."""

import msgspec
import pytest

from tester.explain.explain import explain
from tester.traces import rows

OK, VERSION, NO_KEY = "OK", "ErrVersion", "ErrNoKey"


def test_two_puts_of_one_version_that_both_succeeded_are_named(service):
    service.put(3, "k", "a", 0, index=1)
    service.put(4, "k", "b", 0, index=2)
    assert service.said() == ["version-not-compared"]


def test_a_clerk_that_makes_ok_of_a_refusal_is_no_server_that_compares_nothing(service):
    service.put(3, "k", "a", 0, index=1)
    put = service.call(4, "put", "k", "b", 0)
    arrived = service.ask(put, 0)
    service.apply(0, 2, "put", "k", "b", 0)
    service.returns(put, OK, service.reply(arrived, VERSION).n)
    assert service.said() == ["refusal-taken-for-ok"]


def test_a_version_that_too_few_puts_can_have_reached_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    service.put(4, "k", "b", 0, index=2, answer=VERSION)
    service.put(3, "k", "c", 2, index=3)
    assert service.said() == ["version-not-compared"]


def test_a_put_that_gave_the_current_version_and_was_refused_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    service.put(4, "k", "b", 1, index=2, answer=VERSION)
    assert service.said() == ["refused-current-version"]


def test_it_is_not_if_another_put_gave_that_version_before(service):
    service.put(3, "k", "a", 0, index=1)
    waiting = service.call(4, "put", "k", "b", 1)
    service.ask(waiting, 0)
    service.apply(0, 2, "put", "k", "b", 1)
    service.put(3, "k", "c", 1, index=3, answer=VERSION)
    assert service.said() == []


def test_a_put_that_arrived_once_and_is_in_the_log_twice_is_named(service):
    service.put(3, "k", "a", 0, index=1, answer=VERSION)
    service.apply(0, 2, "put", "k", "a", 0)
    assert service.said() == ["submitted-twice"]


def test_a_key_and_a_value_that_are_alike_are_told_apart(service):
    service.put(3, "1", "1", 0, index=1)
    service.apply(0, 2, "get", "1")
    service.apply(0, 3, "put", "1", "x", 0)
    assert service.said() == []


def test_an_answer_that_lacks_what_the_snapshot_covers_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    service.step(rows.AppliedSnapshot, 1, index=5, term=1, bytes=9)
    service.get(4, "k", 6, ("", 0, NO_KEY), server=1)
    assert service.said() == ["lost-in-snapshot"]


def test_so_is_one_after_a_restart_with_a_snapshot(service):
    service.put(3, "k", "a", 0, index=1)
    service.step(rows.Boot, 0, incarnation=2, snapshot=30)
    service.get(4, "k", 6, ("", 0, NO_KEY))
    assert service.said() == ["lost-in-snapshot"]


def test_an_answer_that_lacks_what_its_server_applied_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    service.get(4, "k", 2, ("", 0, NO_KEY))
    assert service.said() == ["applied-without-effect"]


def test_of_several_that_an_answer_lacks_the_first_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    service.put(4, "k", "b", 1, index=2)
    service.get(4, "k", 3, ("", 0, NO_KEY))
    (one,) = explain(service.trace)
    assert "had applied put('k', 'a', 0) itself, at index 1" in one.text


def test_a_value_with_the_version_of_another_one_is_named(service):
    service.put(3, "k", "a", 0, index=1)
    service.put(3, "k", "b", 1, index=2)
    service.get(4, "k", 3, ("a", 2, OK))
    assert service.said() == ["value-with-another-version"]


def test_nothing_is_said_of_entries_that_cannot_be_read(service):
    for number in range(4):
        put = service.call(3, "put", "k", f"v{number}", 0)
        service.returns(put, OK, service.reply(service.ask(put, 0), OK).n)
        service.step(rows.Applied, 0, index=number + 1, command={"bytes": 40})
    assert service.said() == []


def test_a_version_that_a_snapshot_lost_is_named_if_it_was_read_before(service):
    service.put(3, "k", "a", 0, index=1)
    service.put(3, "k", "b", 1, index=2)
    service.step(rows.AppliedSnapshot, 1, index=5, term=1, bytes=9)
    service.get(4, "k", 6, ("b", 1, OK), server=1)
    assert service.said() == ["value-with-another-version"]
    service.rows.clear()
    service.facts.clear()
    service.put(3, "k", "a", 0, index=1)
    service.put(3, "k", "b", 1, index=2)
    service.get(4, "k", 3, ("b", 2, OK), marked=False)
    service.step(rows.AppliedSnapshot, 1, index=5, term=1, bytes=9)
    service.get(4, "k", 6, ("b", 1, OK), server=1)
    assert service.said() == ["lost-in-snapshot", "value-with-another-version"]


def test_what_a_server_applied_itself_may_be_lost_in_a_snapshot_that_came_later(
    service,
):
    service.put(3, "k", "a", 0, index=1)
    service.step(rows.AppliedSnapshot, 0, index=5, term=1, bytes=9)
    service.get(4, "k", 6, ("", 0, NO_KEY))
    assert service.said() == ["lost-in-snapshot"]


def test_a_read_without_an_entry_may_show_what_a_snapshot_lost(service):
    service.put(3, "k", "a", 0, index=1)
    service.step(rows.AppliedSnapshot, 1, index=1, term=1, bytes=9)
    get = service.call(4, "get", "k")
    answer = ["", 0, NO_KEY]
    service.returns(
        get, answer, service.reply(service.ask(get, 1), *answer).n, marked=True
    )
    assert service.said() == ["lost-in-snapshot"]


def test_an_answer_that_another_server_gave_is_no_proof_of_this_ones_table(service):
    service.put(3, "k", "a", 0, index=1)
    get = service.call(4, "get", "k")
    arrived = service.ask(get, 0)
    body = {"class": "Args", "fields": {"key": "k"}}
    service.step(rows.Sent, 0, peer=1, rpc=99, method="read", body=body, size=1)
    service.apply(0, 2, "get", "k")
    answer = ["", 0, NO_KEY]
    service.returns(get, answer, service.reply(arrived, *answer).n, marked=True)
    assert service.said() == []


def batch(service, index, *requests):
    """Add an entry with several requests, which a server applies."""
    command = [[f"id{index}", *request] for request in requests]
    service.step(rows.Applied, 0, index=index, command=command)


def put_in_batch(service, answer, *args):
    """Add a put whose entry is added by the test; return the call and its arrival."""
    put = service.call(3, "put", *args)
    return put, service.ask(put, 0), answer


def test_an_earlier_put_in_the_same_entry_may_replace_the_version(service):
    service.put(3, "k", "a", 0, index=1)
    first, second = ("put", "k", "b", 1), ("put", "k", "c", 1)
    won = put_in_batch(service, OK, *first[1:])
    lost = put_in_batch(service, VERSION, *second[1:])
    batch(service, 2, first, second)
    for put, arrived, answer in (won, lost):
        service.returns(put, answer, service.reply(arrived, answer).n)
    assert service.said() == []


def test_a_later_put_in_the_entry_of_the_first_one_may_replace_its_version(service):
    requests = ("put", "k", "a", 0), ("put", "k", "b", 1)
    puts = [put_in_batch(service, OK, *request[1:]) for request in requests]
    batch(service, 1, *requests)
    for put, arrived, answer in puts:
        service.returns(put, answer, service.reply(arrived, answer).n)
    service.put(4, "k", "c", 2, index=2)
    service.put(3, "k", "d", 1, index=3, answer=VERSION)
    assert service.said() == []


def test_entries_recorded_in_part_only_prove_no_wrong_refusal(service):
    service.put(3, "k", "a", 0, index=1)
    long = {"items": 50, "first": [["get", "k"]] * 8, "last": [["get", "k"]] * 3}
    service.step(rows.Applied, 0, index=2, command=long)
    service.put(4, "k", "c", 1, index=3, answer=VERSION)
    assert service.said() == []


def test_two_that_succeeded_need_not_mean_that_nothing_is_compared(service):
    service.put(3, "k", "a", 0, index=1)
    service.put(4, "k", "b", 0, index=2)
    (one,) = explain(service.trace)
    assert "or an answer is not what do_op returned for this put" in one.text
    assert "do_op does not compare versions, or" in one.text


def test_a_clerk_that_takes_anothers_value_for_its_own_has_ignored_a_refusal(service):
    service.put(3, "k", "a", 0, index=1)
    put = service.call(4, "put", "k", "b", 0)
    service.no_reply(service.ask(put, 0))
    arrived = service.ask(put, 0)
    service.apply(0, 2, "put", "k", "b", 0)
    service.reply(arrived, VERSION)
    look = msgspec.structs.replace(put, method="get", args=["k"])
    arrived = service.ask(look, 0)
    service.apply(0, 3, "get", "k")
    service.returns(put, OK, service.reply(arrived, "a", 1, OK).n)
    (one,) = explain(service.trace)
    assert one.code == "refusal-taken-for-ok"
    assert one.text.endswith("server 0 refused that of client 1")


def test_no_server_is_said_to_refuse_what_only_the_clerk_refused(service):
    service.put(3, "k", "a", 0, index=1)
    put = service.call(4, "put", "k", "b", 1)
    arrived = service.ask(put, 0)
    service.apply(0, 2, "put", "k", "b", 1)
    service.returns(put, VERSION, service.reply(arrived, OK).n)
    assert service.said() == []


@pytest.mark.parametrize("answer", [OK, "ErrMaybe"])
def test_a_put_that_a_table_of_requests_knows_again_may_be_in_the_log_twice(
    service, answer
):
    service.put(3, "k", "a", 0, index=1, answer=answer)
    service.apply(0, 2, "put", "k", "a", 0)
    assert "submitted-twice" not in service.said()


def test_a_put_that_a_server_passes_on_is_given_to_raft_once_by_each(service):
    put = service.call(3, "put", "k", "a", 0)
    arrived = service.ask(put, 0)
    service.pass_on(0, 1, "k", "a", 0)
    service.apply(0, 1, "put", "k", "a", 0)
    service.apply(1, 2, "put", "k", "a", 0)
    service.returns(put, VERSION, service.reply(arrived, VERSION).n)
    assert service.said() == []
