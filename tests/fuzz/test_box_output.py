"""What a box sends: any bytes, any structure, any end of its process.

The judge asks, and a submission's process answers what it likes. Either the answer is
what a box can have done, within the bounds, or it is the submission's failure: no other
exception reaches the judge, since that would leave the run without a verdict.
"""

import os
import random
import signal
import struct
import subprocess
import sys
from collections import namedtuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if sys.platform != "linux":
    pytest.skip(
        "processes are isolated by what only Linux has", allow_module_level=True
    )

from labrpc import codes
from labrpc.contract import ApplyMsg
from labrpc.errors import EVIDENCE_CHARS_MAX, SubmissionError
from labrpc.isolated import box_output, process_box
from labrpc.isolated.messages import Begin, Ended, framed
from labrpc.isolated.value_codec import pack
from labrpc.sandbox.sandbox import BOX_BYTES_MAX
from labrpc.submission.native_hang import stuck_call
from labrpc.submission.submission import Submission
from labrpc.world import events

FUZZ = settings.get_profile("fuzz")
Code = namedtuple("Code", "box_output process_box")
RIGHT = Code(box_output, process_box)
REQUEST_ID = 7
FIELDS = len(ApplyMsg.__dataclass_fields__)
QUESTIONS = [
    events.Boot(3, b"", b""),
    events.Request(REQUEST_ID, 1, "Raft.ask", b""),
    events.Wake(),
]
KILLED = signal.SIGKILL.value
ENDS = [0, 255 << 8, signal.SIGSEGV, KILLED, 40, 11 | 128]


class Keeper:
    """Stands for the zygote: says how the process has ended."""

    def __init__(self, submission, status):
        self._submission, self._status = submission, status

    def look_if_due(self):
        pass

    def await_end(self, pid):
        # Who kills a process from outside leaves it with memory to spare.
        greedy = BOX_BYTES_MAX + 1 if self._status == KILLED else 0
        return Ended(int(self._status), 0.0, greedy)

    def check_memory(self, ended_bytes_max):
        pass

    def note_end(self, pid):
        pass

    def stuck_call(self, stack):
        return stuck_call(stack.decode(errors="replace"), self._submission)


@pytest.fixture(scope="module")
def stopped_process():
    """Return the number and the descriptor of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        pidfd = os.pidfd_open(process.pid)
        yield process.pid, pidfd
        os.close(pidfd)


@pytest.fixture(scope="module")
def check(stopped_process, tmp_path_factory):
    """Return the check: a box answers some questions, and what is let through is sane."""
    folder = tmp_path_factory.mktemp("submission")
    (folder / "raft.py").write_text("class Raft: ...\n")
    submission = Submission.find(folder)
    pid, pidfd = stopped_process

    def look(code, case):
        answers, status = case
        # Files in memory stand for the pipes; one that is read to its end is closed.
        read_fd, write_fd = os.memfd_create("answers"), os.memfd_create("questions")
        keeper = Keeper(submission, status)
        begin = Begin(3, 1, {})
        box = code.process_box.ProcessBox(
            keeper, begin, pid, os.dup(pidfd), read_fd, write_fd
        )
        box._output = code.box_output.BoxOutput(3)
        try:
            answer_all(box, answers, read_fd)
        except SubmissionError as failure:
            check_failure(failure)
        finally:
            box.crash()

    return look


def answer_all(box, answers, fd):
    """Ask a box as often as there is an answer, and once more."""
    answered, size = False, 0
    for now_ns, answer in enumerate([*answers, b""]):
        os.pwrite(fd, answer, size)
        size += len(answer)
        actions, wake_ns = box.step(now_ns, QUESTIONS[min(now_ns, 2)])
        assert wake_ns is None or isinstance(wake_ns, int)
        for action in actions:
            assert isinstance(action, events.Action)
            for value in msgspec.structs.astuple(action):
                check_value(value)
            if isinstance(action, (events.Warn, events.Crash)):
                assert codes.CODES[action.code].kind in KINDS[type(action)]
            if isinstance(action, events.Reply):
                assert action.request_id == REQUEST_ID
                assert not answered, "one request is answered twice"
                answered = True
            if isinstance(action, events.Apply):
                ApplyMsg(*action.message)


FAILURES = (codes.Kind.FAILURE, codes.Kind.LOAD)
KINDS = {events.Warn: (codes.Kind.WARNING,), events.Crash: FAILURES}


def check_value(value):
    """Check that a value is plain, and of bounded size and depth."""
    level = [value]
    for _ in range(box_output.NESTING_MAX + 2):
        assert all(type(v) in PLAIN for v in level), level
        for text in level:
            if isinstance(text, str):
                assert len(text) <= EVIDENCE_CHARS_MAX
            if isinstance(text, int):
                repr(text)
        level = [inner for outer in level for inner in parts(outer)]
    assert not level, "nested too deep"


PLAIN = {int, float, bool, str, bytes, type(None), list, tuple, dict}


def parts(value):
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, (list, tuple)) else ()


def check_failure(failure):
    assert failure.code in codes.CODES.values()
    assert failure.code.kind in FAILURES
    assert len(failure.headline) <= box_output.HEADLINE_CHARS_MAX + 200
    assert len(failure.evidence) <= EVIDENCE_CHARS_MAX + 200


# What a process says.

INTS = st.integers(-(1 << 63), (1 << 64) - 1)
TEXTS = (
    st.text(max_size=4)
    | st.text(max_size=4)
    | st.sampled_from(["x" * 300, "x" * 30_000])
)
BYTES = st.binary(max_size=4)
SCALARS = st.none() | st.booleans() | INTS | st.floats() | TEXTS | BYTES
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SCALARS, inner, max_size=2)
        | st.lists(inner, max_size=4).map(lambda v: ["dict", *v])
        | st.lists(inner, max_size=2).map(lambda v: ["tuple", *v])
    ),
    max_leaves=4,
)
ODD_VALUES = st.sampled_from(
    [["int", "9" * 9_000], ["int", "x"], ["int", "1_0"], ["text", b"\xff"], ["list"], [],
     ["dict", ["list"], 1], ["dict", *range(2_002)], pack(1 << 4000), pack("\ud800")]
)  # fmt: skip
VALUES = SCALARS | ODD_VALUES | ANY.map(lambda v: ["list", v])
IDS = st.sampled_from([REQUEST_ID, REQUEST_ID, REQUEST_ID, 0, -1])
CODES = st.sampled_from(["exception", "deadlock", "no-agreement", "handler-returned-none", ""])  # fmt: skip
ACTIONS = {
    "Ready": (),
    "Call": (IDS, IDS, TEXTS, BYTES),
    "Reply": (IDS, BYTES),
    "Result": (IDS, VALUES),
    "Apply": (IDS, st.lists(SCALARS | VALUES, min_size=FIELDS, max_size=FIELDS + 1)),
    "Persist": (BYTES, BYTES),
    "Log": (INTS, TEXTS),
    "Warn": (CODES, TEXTS),
    "Crash": (CODES, TEXTS, TEXTS),
    "Other": (VALUES,),
}


@st.composite
def action(draw):
    """Make an action, in which now and then a field is of any type, or one too many."""
    name = draw(st.sampled_from(list(ACTIONS)))
    fields = [draw(field) for field in ACTIONS[name]]
    wrong = draw(st.sampled_from([""] * 12 + ["field", "more", "fewer"]))
    if wrong == "field" and fields:
        fields[draw(st.integers(0, len(fields) - 1))] = draw(ANY)
    return [
        name,
        *fields[: len(fields) - (wrong == "fewer")],
        *([1] * (wrong == "more")),
    ]


STEPPED = st.tuples(
    st.just("Stepped"), st.lists(action(), max_size=3), st.none() | INTS
)  # fmt: skip
OTHERS = st.one_of(
    st.tuples(st.just("Broke"), CODES, TEXTS, TEXTS),
    st.tuples(st.just("Answer"), st.lists(TEXTS, max_size=2)),
    ANY,
)
ENCODED = st.one_of(*[STEPPED] * 5, OTHERS).map(msgspec.msgpack.encode)


def nested(depth, tag=b"\xa5tuple"):
    """Return a step with a value of so many levels, which no encoder would write."""
    value = (b"\x92" + tag) * depth + b"\xc0"
    return b"\x93\xa7Stepped\x91\x93\xa6Result\x01" + value + b"\xc0"


NESTED = st.builds(
    nested, st.sampled_from([90, 101, 150, 5_000]), st.sampled_from([b"\xa5tuple", b"\xc0"])
)  # fmt: skip
LAST_WORDS = st.sampled_from(
    [b'Current thread 0x1 (most recent call first):\n  File "/etc/passwd", line 1 in x\n',
     b'Thread 0x1:\n  File "raft.py", line 99999999999 in x\n\n\n', b"Thread 0x\xff\n"]
)  # fmt: skip


@st.composite
def answers(draw):
    """Make the bytes of one answer."""
    way = draw(st.sampled_from(["frame"] * 9 + ["damaged", "length", "words", "noise"]))
    body = draw(st.one_of(ENCODED, ENCODED, ENCODED, NESTED))
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    if way == "damaged":
        changed = bytearray(body)
        for _ in range(chance.randint(1, 3)):
            at, length = chance.randint(0, len(changed)), chance.randint(0, 4)
            changed[at : at + length] = chance.randbytes(length)
        return framed(bytes(changed))
    if way == "length":
        lengths = [0, 3, len(body) - 1, len(body) + 1, (16 << 20) + 1, (1 << 32) - 1]
        return struct.pack("<I", max(0, chance.choice(lengths))) + body
    if way == "words":
        return draw(LAST_WORDS)
    if way == "noise":
        return chance.randbytes(chance.randint(0, 20))
    return framed(body)


READY = framed(msgspec.msgpack.encode(("Stepped", [("Ready",)], None)))
CASES = st.tuples(
    st.lists(answers(), max_size=3).map(lambda after: [READY, *after]),
    st.sampled_from(ENDS),
)


@pytest.mark.slow
@FUZZ
@given(case=CASES)
def test_an_answer_is_let_through_or_fails_the_submission(check, case):
    check(RIGHT, case)


PLANTED_OUTPUT = {
    "a value may nest without end": ("for _ in range(NESTING_MAX):", "for _ in range(9 * NESTING_MAX):"),
    "a request is answered twice": ("self._requests.discard(reply.request_id)", "pass"),
    "a text has no limit": ("else warn.text[:HEADLINE_CHARS_MAX]", "else warn.text"),
    "a box may claim any code": ("codes.failure_of_box(crash.code).name", "crash.code"),
    "odd values are another error": ("except (ValueError, RecursionError) as exc:", "except KeyError as exc:"),
    "a message may have any fields": ("if len(apply.message) != _FIELDS:", "if False:"),
}  # fmt: skip
PLANTED_BOX = {
    "what is no message is another error": ("except (msgspec.DecodeError, RecursionError, ValueError):", "except RecursionError:"),
    "a signal without a name is another error": ("_signal_name(-number)", "signal.Signals(-number).name"),
    "an answer to another question is taken": ("        if type(answer) is not Stepped:", "        if False:"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED_OUTPUT)
def test_a_planted_bug_of_the_output_is_found(bug, check, plant, finds):
    planted = plant(box_output, *PLANTED_OUTPUT[bug])
    assert finds(CASES, check, RIGHT, Code(planted, process_box))


def test_a_known_input_shows_a_planted_bug_without_a_search(check, plant):
    case = ([READY, framed(b"\xc1")], ENDS[0])
    check(RIGHT, case)
    planted = plant(process_box, *PLANTED_BOX["what is no message is another error"])
    with pytest.raises(msgspec.DecodeError):
        check(Code(box_output, planted), case)


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED_BOX)
def test_a_planted_bug_of_the_box_is_found(bug, check, plant, finds):
    planted = plant(process_box, *PLANTED_BOX[bug])
    assert finds(CASES, check, RIGHT, Code(box_output, planted))
