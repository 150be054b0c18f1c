"""Puts by their places in the log, and answers that lack what a snapshot should have."""

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
