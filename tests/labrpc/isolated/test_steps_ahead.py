"""What follows a step for certain: a box takes it before it is asked, and nothing else."""

from pathlib import Path

import pytest

from labrpc.isolated import steps_ahead
from labrpc.isolated.messages import Foresees, Step
from labrpc.isolated.process_box import ProcessBox
from labrpc.isolated.steps_ahead import StepsAhead
from labrpc.world.events import (
    Apply,
    Call,
    Crash,
    Invoke,
    Persist,
    Ready,
    Reply,
    Request,
    Result,
    Taken,
    Wake,
)
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions

ROOT = Path(__file__).resolve().parents[3]
NOW_NS, UNTIL_NS, TAKE_NS = 5_000, 1_000_000, 10_000
TAKEN_NS = NOW_NS + TAKE_NS
REQUEST = Request(1, 2, "Raft.append_entries", b"")
CALL = Call(1, 2, "Raft.append_entries", b"")
REPLY, APPLY, SAVE = Reply(1, b""), Apply(1, ()), Persist(b"state", b"")
ASK = (NOW_NS, Invoke(7, "get_state", ()))


@pytest.fixture
def ahead():
    """A box that was constructed, and has called `append_entries` last."""
    ahead = StepsAhead(Foresees("get_state", "Raft.append_entries", TAKE_NS))
    assert ahead.after(Step(0, Wake(), UNTIL_NS, 7, 100), [SAVE, Ready()], None) is None
    return ahead


def following(ahead, actions, wake_ns=None, event=REQUEST, **certain):
    """Return what follows a step, and when."""
    usual = {"until_ns": UNTIL_NS, "invoke_id": 7, "takes_max": 100}
    step = ahead.after(Step(NOW_NS, event, **{**usual, **certain}), actions, wake_ns)
    return step and (step.now_ns, step.event)


@pytest.mark.parametrize("actions", [[SAVE, REPLY], [SAVE, CALL], [SAVE, APPLY]])
def test_a_server_is_asked_at_once_where_it_saved(ahead, actions):
    assert following(ahead, actions, wake_ns=NOW_NS, until_ns=0) == ASK


def test_a_server_is_asked_where_it_calls_another_method(ahead):
    assert following(ahead, [CALL]) is None
    assert following(ahead, [Call(2, 2, "Raft.request_vote", b"")]) == ASK


@pytest.mark.parametrize(
    "actions",
    [[], [REPLY], [SAVE, Result(1, 0)], [SAVE, Crash("exception", "", "")]],
    ids=["nothing", "a reply", "an answer", "a crash"],
)
def test_a_server_is_not_asked_otherwise(ahead, actions):
    assert following(ahead, actions) is None


def test_a_server_is_not_asked_where_nobody_asks_or_a_call_is_open(ahead):
    assert following(ahead, [SAVE], invoke_id=0) is None
    assert following(ahead, [SAVE], event=Invoke(6, "start", (1,))) is None
    assert following(ahead, [SAVE]) is None
    assert following(ahead, [SAVE, Result(6, 0)]) is None
    assert following(ahead, [SAVE]) == ASK


def test_nothing_follows_before_a_server_is_constructed():
    ahead = StepsAhead(Foresees("get_state", "", TAKE_NS))
    assert following(ahead, [SAVE, APPLY]) is None


def test_what_a_server_applies_is_taken(ahead):
    assert following(ahead, [APPLY], wake_ns=UNTIL_NS) == (TAKEN_NS, Taken(1))


@pytest.mark.parametrize(
    "certain",
    [{"until_ns": TAKEN_NS}, {"wake_ns": TAKEN_NS}, {"takes_max": 0}, {"until_ns": 0}],
    ids=str,
)
def test_what_a_server_applies_is_not_taken_where_something_may_come_before(
    ahead, certain
):
    assert following(ahead, [APPLY], **certain) is None


@pytest.mark.parametrize("message", [CALL, REPLY])
def test_what_a_server_applies_is_not_taken_while_a_message_is_under_way(
    ahead, message
):
    assert following(ahead, [message, APPLY]) is None


def test_one_step_follows_another(ahead):
    step = ahead.after(Step(NOW_NS, REQUEST, UNTIL_NS, 7, 2), [SAVE, APPLY], 60_000)
    assert (step.now_ns, step.event) == ASK
    step = ahead.after(step, [Result(7, (1, False))], 50_000)
    assert (step.now_ns, step.event) == (TAKEN_NS, Taken(1))
    step = ahead.after(step, [SAVE, Apply(2, ())], None)
    assert step.event == Invoke(8, "get_state", ())
    step = ahead.after(step, [Result(8, (1, False))], None)
    assert (step.now_ns, step.event) == (TAKEN_NS + TAKE_NS, Taken(2))
    # It was to be woken at that time, and no more messages are certain to be taken.
    assert step.until_ns == 50_000
    assert ahead.after(step, [Apply(3, ())], None) is None


def test_nothing_is_taken_ahead_of_a_message_that_left_before_the_question(ahead):
    step = ahead.after(
        Step(NOW_NS, REQUEST, UNTIL_NS, 7, 9), [SAVE, APPLY, REPLY], None
    )
    assert (step.now_ns, step.event) == ASK
    assert ahead.after(step, [Result(7, (1, False))], None) is None


@pytest.mark.parametrize("limit", ["STEPS_MAX", "BYTES_MAX", "CPU_S_MAX"])
def test_no_answer_takes_too_long(ahead, limit, monkeypatch):
    monkeypatch.setattr(steps_ahead, limit, -1)
    assert following(ahead, [SAVE]) == ASK
    ahead.count(100)
    assert following(ahead, [Result(7, 0)], event=ASK[1]) is None
    assert following(ahead, [SAVE]) is None
    ahead.end()
    assert following(ahead, [SAVE]) == ASK


RAISES = """
get_state_ = Raft.get_state
def get_state(self):
    if get_state_(self)[1]:
        raise ValueError("not now")
    return get_state_(self)
Raft.get_state = get_state
"""


@pytest.mark.parametrize("added", ["", RAISES], ids=["correct", "get_state raises"])
def test_a_run_takes_fewer_turns_and_is_the_same(
    added, tmp_path, zygote, run_isolated, graded_tests, monkeypatch
):
    source = ROOT / "tests/submissions/counts_older_terms/raft.py"
    (tmp_path / "raft.py").write_text(source.read_text() + added)
    boxes, test = zygote(tmp_path), graded_tests["test_basic_agreement"]
    steps, asked = [], []
    step, send = ProcessBox.step, ProcessBox._send
    monkeypatch.setattr(
        ProcessBox, "step", lambda box, *args: steps.append(box) or step(box, *args)
    )
    monkeypatch.setattr(
        ProcessBox, "_send", lambda box, data: asked.append(box) or send(box, data)
    )
    conditions = RunConditions(boxes.submission, test, 0)
    here = run_test(conditions, recording=Recording(digest=True))
    there = run_isolated(boxes, test, 0, digest=True)
    assert (there.verdict, there.reason, there.digest) == (
        here.verdict, here.reason, here.digest
    )  # fmt: skip
    assert len(asked) < len(steps)


def test_a_run_that_is_recorded_takes_no_step_ahead(
    tmp_path, zygote, run_isolated, graded_tests, monkeypatch
):
    boxes = zygote(ROOT / "tests/submissions/counts_older_terms")
    announced = []
    step = ProcessBox.step

    def watched(box, *args):
        done = step(box, *args)
        announced.append(box._then)
        return done

    monkeypatch.setattr(ProcessBox, "step", watched)
    run_isolated(boxes, graded_tests["test_basic_agreement"], 0, traces=tmp_path)
    assert len(announced) > 50
    assert set(announced) == {None}
