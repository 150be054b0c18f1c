"""Submissions that attack the grader: caught or harmless, and why.

Each is run behind all walls, and again with those left out that stop it: then it
gets what it wants. So a wall that does not stand any more is noticed.

Each file in tests/hostile says in its docstring what it tries, which walls stop it,
what comes of it, and what would come of it if these walls were not there.
"""

import ast
import os
import pickle
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from labrpc import errors
from labrpc.errors import LabError, LoadError
from labrpc.isolated import box_output, process_box, run_limits
from labrpc.isolated import value_codec as values
from labrpc.isolated import zygote_link as zygotes
from labrpc.isolated.box_output import BoxOutput
from labrpc.isolated.messages import HEAD_BYTES, body_length
from labrpc.isolated.process_box import ProcessBox
from labrpc.isolated.run_limits import RunLimits
from labrpc.isolated.value_codec import unpack
from labrpc.isolated.zygote import Zygote
from labrpc.sandbox.sandbox import WALLS
from labrpc.submission.submission import Submission
from labrpc.world.events import Apply, Result
from tester import verdict
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.oracles.commits import Proposals
from tester.oracles.leadership import Leadership

ROOT = Path(__file__).resolve().parents[3]
CORPUS = sorted((ROOT / "tests/hostile").glob("*.py"))
# A secret number, as far as a submission is concerned, and one that anybody tries.
HIDDEN_SEED, PUBLIC_SEED = 60_221_407_600, 7
# In the judge's time, so that a test does not take long.
LOOK_MS, LOOKS_MAX = 20, 50
SILENT_CPU_S_MAX = 0.4
SILENT_IDLE_S_MAX = 0.2
STEPS_AT_ONCE_MAX = 1_000
RUN_LIMITS = {
    "run limits": {
        "RUN_CPU_S_MAX": 1.5, "RUN_IDLE_S_MAX": 0.5, "RUN_BYTES_MAX": 150 << 20
    },
    # What a run without the judge's checks comes to is a loop.
    "claims": {"RUN_CPU_S_MAX": 2.5},
}  # fmt: skip
END_MS = 400


@dataclass(frozen=True)
class Attack:
    """What a hostile submission's docstring says of it."""

    path: Path
    tries: str
    walls_as_told: list[str]
    outcome: str
    without: str
    test: str

    @property
    def name(self):
        return self.path.stem

    @property
    def walls(self):
        return frozenset(self.walls_as_told)


def attack_of(path):
    """Return what the docstring of a hostile submission says."""
    text = ast.get_docstring(ast.parse(path.read_text()))
    said = dict(re.findall(r"^(\w+): (.+)$", text, re.MULTILINE))
    walls = said["Wall"].split(", ")
    test = said.get("Test", "test_initial_election")
    return Attack(path, said["Tries"], walls, said["Outcome"], said["Without"], test)


def outcome_with_codes(attack):
    """Return the outcome as the page says it: "caught (`two-leaders`)"."""
    if attack.outcome == "harmless":
        return attack.outcome
    codes = attack.outcome.partition(":")[0].removeprefix("caught, ").split("|")
    return f"caught ({' or '.join(f'`{code}`' for code in codes)})"


ATTACKS = [attack_of(path) for path in CORPUS]
SANDBOXED = [attack for attack in ATTACKS if attack.walls <= set(WALLS)]
IN_PROCESS = [attack for attack in ATTACKS if attack.walls == {"processes"}]
JUDGED = [
    attack for attack in ATTACKS if attack not in SANDBOXED and attack not in IN_PROCESS
]


def words(run, traces):
    """Return all that a run says of itself: its verdict, and what was recorded."""
    recorded = "".join(file.read_text() for file in traces.glob("*.jsonl"))
    return f"{run.verdict}: {run.reason}\n{run.evidence}\n{recorded}"


# Run a test in this process, with all that this means, and say what came of it.
_UNPROTECTED = """
import sys, tempfile
from pathlib import Path
from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
tests = {test.name: test for test in collect()}
with tempfile.TemporaryDirectory() as folder:
    submission, traces = Submission.find(sys.argv[1]), Path(folder)
    conditions = RunConditions(submission, tests[sys.argv[2]], int(sys.argv[3]))
    run = run_test(conditions, recording=Recording(traces=traces))
    recorded = "".join(file.read_text() for file in traces.glob("*.jsonl"))
print(f"{run.verdict}: {run.reason}", recorded, sep="\\n")
"""


def in_process(attack):
    """Return what a grader says that has the submission in its own process."""
    command = [sys.executable, "-c", _UNPROTECTED]
    done = subprocess.run(
        [*command, attack.path, attack.test, str(PUBLIC_SEED)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    return f"{done.stdout}the grader ended with status {done.returncode}"


# What is left out of the judge, wall by wall.


def open_frames(monkeypatch):
    monkeypatch.setattr(process_box, "FRAME_BYTES_MAX", 1 << 30)
    monkeypatch.setattr(process_box, "decode_from_box", decoded_or_unpickled)


def decoded_or_unpickled(data):
    """Read a frame as one would who trusts the sender."""
    if data[:1] == pickle.PROTO:
        return pickle.loads(data)
    try:
        return decode_from_box(data)
    except msgspec.DecodeError as exc:
        raise LabError(str(exc)) from None


decode_from_box = process_box.decode_from_box


def open_lock_step(monkeypatch):
    left = {}

    def receive(box):
        """Take the first frame that there is, and keep the others."""
        data = left.pop(box, b"")
        while len(data) < HEAD_BYTES or len(data) < HEAD_BYTES + body_length(data):
            box._poll()
            data += process_box.os.read(box._read_fd, 1 << 16)
        end = HEAD_BYTES + body_length(data)
        if data[end:]:
            left[box] = data[end:]
        return data[HEAD_BYTES:end]

    monkeypatch.setattr(ProcessBox, "_receive", receive)
    monkeypatch.setattr(ProcessBox, "_forged", lambda box, what: None)


def open_claims(monkeypatch):
    def unchecked(self, actions):
        return [unpacked(action) for action in actions]

    monkeypatch.setattr(BoxOutput, "checked", unchecked)
    monkeypatch.setattr(BoxOutput, "expect", lambda self, now_ns, event: None)
    monkeypatch.setattr(values, "DICT_ITEMS_MAX", 1 << 20)


def open_run_limits(monkeypatch):
    monkeypatch.setattr(RunLimits, "look", lambda limits: None)


def unpacked(action):
    if isinstance(action, Apply):
        return Apply(action.put_id, tuple(map(unpack, action.message)))
    if isinstance(action, Result):
        return Result(action.invoke_id, unpack(action.value))
    return action


def open_patience(monkeypatch):
    looks = []

    def look(box):
        looks.append(box)
        if len(looks) > LOOKS_MAX:
            raise LabError("the judge waits for ever")

    monkeypatch.setattr(ProcessBox, "_look", look)


def open_properties(monkeypatch):
    monkeypatch.setattr(Leadership, "_check_votes", lambda self, leader: None)
    monkeypatch.setattr(
        Leadership, "_check_answers", lambda self, leader, answers: None
    )
    monkeypatch.setattr(Proposals, "check_committed", lambda self, *said: None)


def open_own_files(monkeypatch):
    monkeypatch.setattr(Submission, "owns", lambda self, filename: True)


def open_warm_up(monkeypatch):
    """Let the zygote end as any program would that imports such a module."""
    spawn = subprocess.Popen
    start = (
        "import contextlib; from labrpc.isolated import zygote_main as z; "
        "z.suppress = lambda *kinds: contextlib.suppress(Exception); z.main()"
    )

    def popen(command, **how):
        return spawn([*command[:2], "-c", start, command[-1]], **how)

    monkeypatch.setattr(zygotes.subprocess, "Popen", popen)


def open_texts(monkeypatch):
    for module in (errors, box_output):
        for name in ("HEADLINE_CHARS_MAX", "EVIDENCE_CHARS_MAX"):
            monkeypatch.setattr(module, name, 1 << 30)
    monkeypatch.setattr(errors, "indent", lambda text, prefix: text)
    for name in ("one_line", "block"):
        monkeypatch.setattr(verdict, name, lambda text, characters_max: text)


LEAVE_OUT = {
    "frames": open_frames,
    "lock-step": open_lock_step,
    "claims": open_claims,
    "patience": open_patience,
    "run limits": open_run_limits,
    "properties": open_properties,
    "own files": open_own_files,
    "texts": open_texts,
    "warm-up": open_warm_up,
    "hidden seeds": lambda monkeypatch: None,  # A seed that everybody knows will do.
}


# The tests.

REFERENCE_TEST = "test_initial_election"


def one_for_each_wall(attacks):
    """Return attacks that succeed where they may; all of them in a nightly job of CI.

    That an attack succeeds without a wall shows that the wall is what stops it.
    """
    if os.environ.get("LAB_NIGHTLY"):
        return attacks
    return list({frozenset(attack.walls): attack for attack in attacks}.values())


def by_name(attacks):
    return pytest.mark.parametrize("attack", attacks, ids=lambda attack: attack.name)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Let the judge wait for less, so that a test does not take long."""
    monkeypatch.setattr(process_box, "LOOK_MS", LOOK_MS)
    monkeypatch.setattr(process_box, "SILENT_CPU_S_MAX", SILENT_CPU_S_MAX)
    monkeypatch.setattr(process_box, "SILENT_IDLE_S_MAX", SILENT_IDLE_S_MAX)
    monkeypatch.setattr(process_box, "END_MS", END_MS)
    monkeypatch.setattr(box_output, "STEPS_AT_ONCE_MAX", STEPS_AT_ONCE_MAX)


@pytest.fixture
def reference(run_reference, monkeypatch):
    """Run the reference in the judge that hostile submissions have gone through."""

    def check():
        # With the limits that a submission really has.
        monkeypatch.undo()
        run_reference()

    return check


@pytest.fixture(scope="module")
def run_reference(graded_tests, run_isolated):
    """Return a function that runs the reference, and sees that it runs as ever."""
    submission = Submission.find(ROOT / "raft")
    boxes = Zygote(submission)
    test = graded_tests[REFERENCE_TEST]
    usual = run_test(
        RunConditions(submission, test, 0), recording=Recording(digest=True)
    )

    def check():
        run = run_isolated(boxes, test, 0, digest=True)
        assert (run.verdict, run.digest) == ("passed", usual.digest), run

    yield check
    boxes.close()


@pytest.fixture
def judge(graded_tests, run_isolated, tmp_path, monkeypatch):
    """Return a function that judges an attack: the run, and all that it says of itself."""

    def run(attack, boxes, seed):
        for wall in attack.walls & RUN_LIMITS.keys():
            for name, limit in RUN_LIMITS[wall].items():
                monkeypatch.setattr(run_limits, name, limit)
        found = run_isolated(boxes, graded_tests[attack.test], seed, traces=tmp_path)
        return found, words(found, tmp_path)

    return run


@pytest.mark.slow
@by_name(ATTACKS)
def test_it_is_caught_or_harmless(attack, zygote, judge, reference):
    boxes = zygote(attack.path)
    assert all(measure.in_force for measure in boxes.measures), boxes.measures
    run, said = judge(attack, boxes, HIDDEN_SEED)
    assert "BREACH" not in said
    assert "texts" not in attack.walls or not re.search(attack.without, said)
    if attack.outcome == "harmless":
        assert run.verdict == "passed", said
    else:
        caught, _, reason = attack.outcome.partition(": ")
        codes = caught.removeprefix("caught, ").split("|")
        assert run.verdict == "failed", said
        assert run.code in codes, said
        assert re.search(reason, run.reason), run.reason
    reference()


@pytest.mark.slow
@by_name(one_for_each_wall(SANDBOXED))
def test_without_its_wall_in_the_sandbox_it_succeeds(attack, zygote, judge):
    if "user" in attack.walls and os.geteuid() != 0:
        pytest.skip("only the superuser can become another user")
    boxes = zygote(attack.path, without=attack.walls)
    left_out = {measure.name for measure in boxes.measures if not measure.in_force}
    assert left_out == attack.walls
    run, said = judge(attack, boxes, HIDDEN_SEED)
    assert re.search(attack.without, said), run


@pytest.mark.slow
@by_name(one_for_each_wall(IN_PROCESS))
def test_in_the_graders_process_it_succeeds(attack):
    assert re.search(attack.without, in_process(attack))


@pytest.mark.slow
@by_name(one_for_each_wall(JUDGED))
def test_without_the_judges_check_it_succeeds(
    attack, zygote, judge, monkeypatch, capsys
):
    (wall,) = attack.walls
    if wall != "warm-up":
        boxes = zygote(attack.path)
    LEAVE_OUT[wall](monkeypatch)
    try:
        if wall == "warm-up":
            boxes = zygote(attack.path)
        _, said = judge(attack, boxes, PUBLIC_SEED)
        said += capsys.readouterr().out
    except LoadError as exc:
        said = f"does not load: {exc}"
    assert re.search(attack.without, said), said


def test_there_are_many_and_every_wall_is_attacked():
    assert len(CORPUS) >= 40
    attacked = {wall for attack in ATTACKS for wall in attack.walls}
    assert attacked == {*WALLS, *LEAVE_OUT, "processes"}


def test_the_page_lists_them_all():
    page = (ROOT / "docs/isolation.md").read_text()
    table = re.search(r"^\| submission \| .*?\n\n", page, re.MULTILINE | re.DOTALL)[0]
    rows = [
        "| `{}` | {} | {} | {} |".format(
            attack.name,
            attack.tries,
            ", ".join(attack.walls_as_told),
            outcome_with_codes(attack),
        )
        for attack in ATTACKS
    ]
    assert table.split("\n")[2:-2] == rows
