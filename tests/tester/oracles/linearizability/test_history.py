"""Each contradiction between operations is found at its event, and named as what it is."""

import re

import pytest

from labrpc.errors import LabError, SubmissionError
from tester.codes import ALL_CODES
from tester.oracles.linearizability.history import VersionedHistory

SECOND = 1_000_000_000
ERRORS = {
    "OK": "ok",
    "ErrNoKey": "no_key",
    "ErrVersion": "version",
    "ErrMaybe": "maybe",
}


def play(script, first_lane=0):
    """Check a history written as a script: an event a line, a client a letter.

    `a put x 0` calls put("k", "x", 0); `a get` calls get("k"); `a: OK` and so on are
    what client a's call returns, `a: x 1` what a get returns.
    """
    history = VersionedHistory(first_lane)
    under_way = {}
    for second, line in enumerate(script.strip().split("\n"), 1):
        client, call, answer = re.fullmatch(r"\s*(\w)(?: (.+)|: (.+))", line).groups()
        number, now_ns = ord(client) - ord("a"), second * SECOND
        if call:
            under_way[client] = second
            kind, value, version = [*call.split(), "", "0"][:3]
            history.called(second, number, kind, "k", value, int(version), now_ns)
            continue
        value, version = [*answer.split(), "0"][:2]
        outcome = ERRORS.get(value, "ok")
        history.returned(under_way[client], outcome, value, int(version), now_ns)
    return history


def linearizable(script):
    """Check that nothing in a script contradicts what was before."""
    called = len(re.findall(r" (?:get|put)\b", script))
    assert len(play(script).operations) == called


def contradiction(script, code):
    """Check that a script's last event is the first that contradicts those before."""
    before, last = script.strip().rsplit("\n", 1)
    play(before)
    with pytest.raises(SubmissionError) as raised:
        play(f"{before}\n{last}")
    assert raised.value.code.name == code, str(raised.value)
    assert ALL_CODES[code].breaks
    return raised.value


WRITTEN = "a put x 0\na: OK\na put y 1\na: OK\n"


def test_operations_one_after_another():
    history = play(
        WRITTEN
        + """b get
        b: y 2
        b put z 1
        b: ErrVersion
        c put w 2
        c: OK
        """
    )
    assert [str(o) for o in history.operations.values()][2:4] == [
        "client 1 called get('k') at 5.000000 s; it returned 'y' of version 2 at 6.000000 s",
        "client 1 called put('k', 'z', version 1) at 7.000000 s; it returned ErrVersion "
        "at 8.000000 s",
    ]


def test_a_read_of_what_had_been_replaced_is_stale():
    error = contradiction(WRITTEN + "b get\nb: x 1", "stale-read")
    assert error.headline == (
        "client 1 read 'x' of version 1 from 'k', though version 2 had been shown before "
        "it asked (linearizability, section 8)"
    )
    assert (
        "client 0's put('k', 'y', version 1) returned before client 1's get('k')"
        in (error.evidence)
    )
    assert [fact.server for fact in error.facts] == [0, 1]


def test_facts_stand_in_the_lanes_of_clients():
    with pytest.raises(SubmissionError) as raised:
        play(WRITTEN + "b get\nb: x 1", first_lane=3)
    assert [fact.server for fact in raised.value.facts] == [3, 4]


def test_a_read_that_overlaps_a_put_may_show_either():
    for answer in "b: x 1", "b: y 2":
        linearizable(f"a put x 0\na: OK\nb get\na put y 1\na: OK\n{answer}")


def test_reads_one_after_another_do_not_go_back():
    contradiction(
        """
        a put x 0
        a: OK
        a put y 1
        b get
        b: y 2
        c get
        c: x 1
        """,
        "stale-read",
    )


def test_a_key_that_was_shown_is_not_gone():
    contradiction(WRITTEN + "b get\nb: ErrNoKey", "stale-read")


def test_a_stale_read_that_only_a_refusal_shows():
    """Client b was refused, so client a's put had been applied: c reads too old a value."""
    contradiction(
        """
        a put x 0
        a: OK
        a put y 1
        b put z 1
        b: ErrVersion
        c get
        c: x 1
        """,
        "stale-read",
    )


def test_a_write_that_another_one_has_taken_the_place_of_is_lost():
    contradiction(
        """
        a put x 0
        b put y 0
        b get
        a: OK
        b: y 1
        """,
        "lost-write",
    )


def test_a_put_that_returns_ok_when_another_ones_value_was_read_is_lost():
    contradiction("a put x 0\nb put y 0\nc get\nc: y 1\na: OK", "lost-write")


def test_two_puts_are_not_given_one_version():
    contradiction("a put x 0\nb put y 0\na: OK\nb: OK", "version-given-twice")


def test_a_version_has_one_value():
    contradiction(
        "a put x 0\nb put y 0\nc get\nd get\nc: x 1\nd: y 1", "version-given-twice"
    )


def test_a_version_that_was_replaced_is_not_given_again():
    """Version 1 can only be a's, or b's; version 2 was read before b began."""
    error = contradiction(
        """
        a put x 0
        c put y 1
        c: OK
        b put z 0
        b: OK
        """,
        "version-given-twice",
    )
    assert "though version 1 had been shown" in error.headline


def test_a_put_that_was_read_was_not_refused():
    contradiction("a put x 0\nb get\nb: x 1\na: ErrVersion", "lost-reply")
    contradiction(
        "a put x 0\nb put w 0\nb: OK\nc put x 1\nd get\nd: x 2\nc: ErrVersion",
        "lost-reply",
    )


def test_a_put_that_was_refused_is_not_read():
    error = contradiction(
        "a put x 0\na: OK\nb put y 1\nc put z 1\nb: ErrVersion\nd get\nd: y 2",
        "lost-reply",
    )
    assert "got ErrVersion for put('k', 'y', version 1)" in error.headline


def test_a_put_that_was_refused_without_its_value_being_read():
    """Version 2 was replaced, and only the refused put can have written it."""
    contradiction(
        "a put x 0\na: OK\nb put y 1\nc put z 2\nc: OK\nb: ErrVersion", "lost-reply"
    )


@pytest.mark.parametrize(
    ("sent", "said"),
    [(-1, "Perhaps it was sent again"), (1, "sent it once"), (3, "Sent 3 times")],
)
def test_why_a_put_was_refused_depends_on_how_often_it_was_sent(sent, said):
    history = play("a put x 0\nb get\nb: x 1")
    history.operations[1].sent = sent
    with pytest.raises(SubmissionError) as raised:
        history.returned(1, "version", "", 0, 9 * SECOND)
    assert raised.value.code.name == "lost-reply"
    assert said in raised.value.evidence
    assert ("copy may have been applied" in raised.value.evidence) == (sent != 1)


@pytest.mark.parametrize("answer", ["y 1", "x 2", "x 0"])
def test_nothing_is_read_that_nobody_put(answer):
    contradiction(f"a put x 0\na: OK\nb get\nb: {answer}", "never-written")


def test_a_value_of_another_version_is_a_hint():
    error = contradiction("a put x 0\na: OK\nb get\nb: x 2", "never-written")
    assert "was a put applied twice" in error.evidence


def test_versions_rise_by_one():
    contradiction("a put x 0\na: OK\nb put y 2\nb: OK", "never-written")


def test_a_put_that_only_its_own_copy_can_have_refused():
    error = contradiction("a put x 0\na: OK\nb put y 1\nb: ErrVersion", "lost-reply")
    assert "although no other put can have replaced version 1" in error.headline


def test_a_put_of_the_version_before_and_after_is_not_refused():
    """Client c's put cannot have replaced version 1 before b's returned."""
    contradiction(
        """
        a put x 0
        a: OK
        d put z 1
        b put y 1
        b: ErrVersion
        c put w 1
        c: OK
        """,
        "refused-in-vain",
    )


def test_a_put_that_nothing_has_refused_once_the_others_were():
    """Client a's put may have replaced version 0, until it is refused as well."""
    contradiction(
        "a put x 0\nb put y 0\nb: ErrVersion\nc put z 0\na: ErrVersion",
        "refused-in-vain",
    )


def test_a_put_finds_a_key_that_was_there():
    contradiction(WRITTEN + "b put z 1\nb: ErrNoKey", "refused-in-vain")


def test_a_put_that_creates_needs_no_key():
    contradiction("a put x 0\na: ErrNoKey", "refused-in-vain")


def test_a_put_of_a_version_finds_no_key():
    linearizable("a put x 3\na: ErrNoKey\nb put y 0\nc put z 3\nc: ErrNoKey\nb: OK")


def test_a_put_that_is_perhaps_applied_may_be_read():
    linearizable("a put x 0\na: OK\nb put y 1\nb: ErrMaybe\nc get\nc: y 2")


def test_a_put_that_nothing_can_have_refused_is_not_perhaps_applied():
    """Version 1 is there before and after: no server can have said ErrVersion."""
    error = contradiction(
        "a put x 0\na: OK\nb put y 1\nb: ErrMaybe\nc get\nc: x 1", "maybe-in-vain"
    )
    assert "client 1 got ErrMaybe for put('k', 'y', version 1)" in error.headline


def test_a_put_that_was_refused_for_another_one_may_be_perhaps_applied():
    linearizable(
        """
        a put x 0
        a: OK
        b put y 1
        c put z 1
        b: ErrMaybe
        c: OK
        a get
        a: z 2
        """
    )


def test_a_put_that_never_returns_may_be_applied_at_any_time():
    linearizable("a put x 0\nb get\nb: ErrNoKey\nb get\nb: x 1\nc put y 1\nc: OK")


def test_keys_are_apart():
    history = VersionedHistory()
    history.called(1, 0, "put", "k", "x", 0, 10)
    history.returned(1, "ok", "", 0, 20)
    history.called(2, 0, "get", "other", "", 0, 30)
    history.returned(2, "no_key", "", 0, 40)
    history.called(3, 0, "put", "other", "x", 0, 50)
    history.returned(3, "ok", "", 0, 60)
    assert [o.outcome for o in history.operations.values()] == ["ok", "no_key", "ok"]


def test_what_the_lab_has_to_ensure():
    history = play("a put x 0")
    with pytest.raises(LabError, match="values have to differ"):
        history.called(2, 1, "put", "k", "x", 0, 0)
    with pytest.raises(LabError, match="the id 1"):
        history.called(1, 1, "get", "k", "", 0, 0)
    history.returned(1, "ok", "", 0, 0)
    with pytest.raises(LabError, match="returned twice"):
        history.returned(1, "ok", "", 0, 0)
