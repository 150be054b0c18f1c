"""Lists of choices as text: what is written is read again, and mistakes are explained."""

import pytest

from tester.errors import UsageError
from tester.search.choice_text import (
    FILE_BYTES_MAX,
    choice_text,
    list_text,
    parse_choices,
    read_choices,
)
from tester.search.choices import (
    ChoiceList,
    Crash,
    Cut,
    Deliver,
    Duplicate,
    Expect,
    Get,
    Heal,
    Lose,
    MessageName,
    Preempt,
    Put,
    Recover,
    Resume,
    Setting,
    Snapshot,
    Stall,
    Start,
    TimeOut,
)

VOTE = MessageName(0, 1, "request_vote")
SECOND_REPLY = MessageName(1, 0, "request_vote", reply=True, nth=2)
EVERY_KIND = (
    TimeOut(0),
    TimeOut(0, dies_after=2),
    Deliver(VOTE),
    Deliver(VOTE, with_reply=True),
    Deliver(SECOND_REPLY, dies_after=1),
    Lose(VOTE),
    Duplicate(SECOND_REPLY),
    Start(2),
    Snapshot(2, 10),
    Snapshot(0, 3, dies_after=1),
    Crash(1),
    Cut(2),
    Heal(2),
    Stall(1),
    Resume(1),
    Preempt(1, 2),
    Preempt(0, 37, "statement", 3),
    Preempt(0, 1, "begin"),
    Recover(),
    Recover((0, 4)),
    Recover(idle=True),
    Recover((1,), idle=True),
    Expect(1, 2, False, 3),
    Expect(1, leads=True),
)


def test_every_kind_of_choice_is_read_as_it_was_written():
    setting = Setting(5, 3, False, True, True, True, mixed_commands=True)
    written = ChoiceList(setting, EVERY_KIND)
    assert parse_choices(list_text(written, ["two comments", "# at the top"]), "f") == (
        written
    )


def test_operations_of_clients_are_read_as_they_were_written():
    setting = Setting(5, clients=2, max_raft_state=1000)
    choices = (
        Get(5, "k"),
        Put(6, "a key, #1"),
        Put(5, "k", 3),
        TimeOut(6),
        Preempt(6, 1),
    )
    written = ChoiceList(setting, choices)
    assert parse_choices(list_text(written), "f") == written
    assert choice_text(choices[2]) == "put 5 k, version 3"
    assert "clients" not in list_text(ChoiceList(Setting(), EVERY_KIND))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("get 2 k", "there is no client 2"),
        ("put 5 k", "there is no client 5"),
        ("get 3", "write `get CLIENT KEY`"),
        ("get 3 k, version 1", "write `get CLIENT KEY`"),
        ("put 3 k, 1", "write `put CLIENT KEY, version N`"),
        ("crash 3", "there is no server 3"),
        ("deliver 0 -> 1 m and its reply, dies after 1", "leave out `and its reply`"),
        ("deliver 0 -> 1 reply m and its reply", "a reply has none"),
        ("lose 0 -> 1 m and its reply", "write `lose FROM -> TO"),
        ("time-out 5", "there is no server 5"),
    ],
)
def test_what_is_no_operation_is_explained(line, reason):
    with pytest.raises(UsageError, match=reason):
        parse_choices(f"servers 3\nclients 2\n{line}", "f")


def test_a_choice_reads_as_a_sentence():
    assert choice_text(EVERY_KIND[4]) == (
        "deliver 1 -> 0 reply request_vote #2, dies after 1"
    )


@pytest.mark.parametrize("method", ["with space", "a#1", "comma,", "naïve", "%41"])
def test_a_method_of_any_name_is_read_as_it_was_written(method):
    choices = (Deliver(MessageName(0, 1, method)),)
    assert parse_choices(choice_text(choices[0]), "f").choices == choices


def test_what_a_person_writes_is_read():
    text = "\n# Figure 8\n\n  deliver 0->1 request_vote   # the vote\ncrash  1\n"
    assert parse_choices(text, "f").choices == (Deliver(VOTE), Crash(1))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("delivr 0 -> 1 m", "did you mean deliver?"),
        ("deliver 0 1 m", "write `deliver FROM -> TO [reply] METHOD [#N]`"),
        ("deliver 0 -> 1", "write `deliver"),
        ("deliver 0 -> 1 m #0", "counted from #1 on"),
        ("deliver 0 -> 3 m", "there is no server 3: the servers are 0 to 2"),
        ("time-out", "write `time-out SERVER`"),
        ("preempt-thread 1", "write `preempt-thread SERVER at lock N`"),
        ("preempt-thread 1 at lock 0", "write `preempt-thread SERVER at lock N`"),
        ("preempt-thread 3 at lock 1", "there is no server 3"),
        ("expect 1, 2", "write `expect SERVER, term N, leads, applied N`"),
        ("crash 7", "there is no server 7"),
        ("crash 1, dies after 2", "only `deliver`, `time-out`, `start` and"),
        ("snapshot 1", "write `snapshot SERVER up to INDEX`"),
        ("recover 1", "write `recover`, `recover idle`, or either with"),
        ("recover without 3", "there is no server 3"),
        ("recover without 0, 2", "only a minority can be left out"),
        ("servers many", "write `servers N`, with a number from 1 to 9"),
        ("time-out 0\nservers 3", "put it before the first choice"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_what_to_write(line, message):
    number = 2 + line.count("\n")
    with pytest.raises(UsageError) as caught:
        parse_choices(f"# a comment\n{line}\n", "figure8.txt")
    assert str(caught.value).startswith(f"figure8.txt, line {number}: ")
    assert message in str(caught.value)


def test_a_file_that_is_missing_or_too_large_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_choices(tmp_path / "missing.txt")
    (tmp_path / "large.txt").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    with pytest.raises(UsageError, match="no list of choices"):
        read_choices(tmp_path / "large.txt")
