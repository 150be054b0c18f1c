"""What a box cannot have done is refused; what it can have done is let through."""

import os

import pytest

from labrpc.box.reports import LOG_LINES_MAX
from labrpc.clock import SECOND
from labrpc.errors import SubmissionError
from labrpc.isolated import box_output
from labrpc.isolated.box_output import (
    ACTIONS_MAX,
    BURST_BYTES_MAX,
    HEADLINE_CHARS_MAX,
    METHOD_CHARS_MAX,
    NESTING_MAX,
    WARNINGS_MAX,
    BoxOutput,
)
from labrpc.isolated.process_box import ProcessBox
from labrpc.isolated.value_codec import pack
from labrpc.world.events import (
    Apply,
    Call,
    Crash,
    Log,
    Persist,
    Ready,
    Reply,
    Request,
    Result,
    Wake,
    Warn,
)

FIELDS = (True, "command", 1, False, b"", 0, 0)


@pytest.fixture
def output():
    looks = BoxOutput(3)
    looks.expect(0, Wake())
    return looks


def refused(output, action, words, code="forged-message"):
    with pytest.raises(SubmissionError, match=words) as caught:
        output.checked([action])
    assert caught.value.code.name == code
    assert caught.value.headline.startswith("server 3: ")


def nested(depth):
    value = ()
    for _ in range(depth):
        value = (value,)
    return value


def test_what_a_server_does_is_let_through(output):
    output.expect(0, Request(7, 1, "Raft.append_entries", b""))
    actions = [
        Ready(),
        Call(1, 2, "Raft.request_vote", b"data"),
        Reply(7, b"data"),
        Persist(b"state", b""),
        Log(0, "line"),
        Log(0, "remark", annotates=True),
        Warn("exception-ignored", "text"),
        Crash("exception", "headline", "evidence"),
    ]
    assert output.checked(list(actions)) == actions
    assert output.checked([Apply(1, tuple(map(pack, FIELDS)))]) == [Apply(1, FIELDS)]
    for value in ((1, True), nested(NESTING_MAX - 2), {"a": [1, 2]}, 1 << 100, None):
        assert output.checked([Result(1, pack(value))]) == [Result(1, value)]


def test_a_request_is_answered_once_and_by_its_server(output):
    refused(output, Reply(7, b""), "answers an RPC that it was not sent")
    output.expect(0, Request(7, 1, "Raft.append_entries", b""))
    output.checked([Reply(7, b"")])
    refused(output, Reply(7, b""), "or answers it twice")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Apply(1, ()), "applies something that is not an ApplyMsg"),
        (Apply(1, FIELDS * 2), "applies something that is not an ApplyMsg"),
        (Apply(1, (*FIELDS[:-1], [])), "sends a list where a plain value belongs"),
        (Result(1, ["odd"]), "sends an array that stands for nothing"),
        (Result(1, pack(nested(NESTING_MAX))), "nested more than"),
    ],
)
def test_what_no_server_does_is_refused(output, action, words):
    refused(output, action, words)


def test_a_method_with_a_long_name_is_refused(output):
    call = Call(1, 2, "x" * (METHOD_CHARS_MAX + 1), b"")
    refused(output, call, "a method whose name has", "long-method-name")


def test_a_code_that_is_none_becomes_a_general_one(output):
    for name in ("made-up", "two-leaders", "exception-ignored", ""):
        (crash,) = output.checked([Crash(name, "headline", "evidence")])
        assert crash == Crash("unknown-failure", "headline", "evidence")
    for name in ("made-up", "deadlock", ""):
        assert output.checked([Warn(name, "text")]) == [Warn("unknown-warning", "text")]


def test_it_is_constructed_once(output):
    output.checked([Ready()])
    refused(output, Ready(), "reports twice")


def test_a_step_does_not_do_too_much(output):
    with pytest.raises(SubmissionError, match="reports 100001 actions") as caught:
        output.checked([Ready()] * (ACTIONS_MAX + 1))
    assert caught.value.code.name == "step-too-large"


def test_time_does_not_stand_still(output, monkeypatch):
    monkeypatch.setattr(box_output, "STEPS_AT_ONCE_MAX", 3)
    for now_ns in (0, 0, 1, 1, 1):
        output.expect(now_ns, Wake())
    with pytest.raises(SubmissionError, match="again and again though"):
        output.expect(1, Wake())


@pytest.mark.parametrize(
    "action",
    [
        Persist(bytes(1 << 20), bytes(1 << 20)),
        Call(1, 2, "Raft.take", bytes(1 << 20)),
    ],
)
def test_bytes_are_limited_in_each_second(output, action):
    size = 2 if isinstance(action, Persist) else 1
    most = BURST_BYTES_MAX // (size << 20)
    few = most - 1
    output.checked([action] * few)
    refused_after = [action] * 2
    with pytest.raises(
        SubmissionError, match=r"sent and saved \d+ MB in 0.0"
    ) as caught:
        output.checked(refused_after)
    assert caught.value.code.name == "too-much-traffic"
    later = BoxOutput(3)
    later.expect(SECOND, Wake())
    later.checked([action] * few)
    later.expect(11 * SECOND, Wake())
    later.checked([action] * few)


def test_texts_are_cut_and_no_log_goes_on_for_ever(output):
    long = "x" * 50_000
    line, warning = output.checked([Log(0, long), Warn("exception-ignored", long)])
    assert len(line.line) < 11_000
    assert len(warning.text) == HEADLINE_CHARS_MAX
    (crash,) = output.checked([Crash("exception", long, long)])
    assert (len(crash.headline), len(crash.evidence)) == (1_000, 20_000)
    (two,) = output.checked([Log(0, "one\n::error::two")])
    assert two.line == "one ::error::two"
    last = output.checked([Warn("exception-ignored", "again")] * WARNINGS_MAX)[-1]
    assert last.text == "… (no more is recorded)"
    output.checked([Log(0, "short")] * (LOG_LINES_MAX - 2))
    refused(output, Log(0, "one more"), "goes on logging after its log was full")


def test_a_pipe_that_is_full_is_waited_for(monkeypatch):
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    try:
        while True:
            os.write(write_fd, b"unread")
    except BlockingIOError:
        pass
    box = object.__new__(ProcessBox)
    box._write_fd = write_fd
    looks = []

    def look(box):
        looks.append(box)
        os.read(read_fd, 1 << 16)

    monkeypatch.setattr(ProcessBox, "_look", look)
    monkeypatch.setattr("labrpc.isolated.process_box.LOOK_MS", 1)
    box._send(b"question")
    assert looks == [box]
    assert os.read(read_fd, 1 << 16).endswith(b"question")
    os.close(read_fd)
    os.close(write_fd)


@pytest.mark.parametrize(
    ("action", "name"),
    [(Apply(1, FIELDS), "apply_ch"), (Persist(b"state", b""), "persister")],
)
def test_a_client_has_no_disk_and_no_apply_channel(action, name):
    refused(BoxOutput(3, ("servers",)), action, f"uses {name}, which it was not given")
