"""What follows a step for certain: a box takes it before it is asked, and nothing else."""

from pathlib import Path

from labrpc.clock import MICROSECOND
from labrpc.isolated.process_box import ProcessBox
from labrpc.isolated.steps_ahead import StepsAhead
from labrpc.submission.submission import Submission
from labrpc.world.events import (
    Apply,
    Call,
    Crash,
    Invoke,
    Persist,
    Ready,
    Reply,
    Request,
    Response,
    Result,
    Taken,
    Wake,
)
from labrpc.world.foresight import Foresight
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions

ROOT = Path(__file__).resolve().parents[3]
UNTIL_NS = 1_000 * MICROSECOND
DELAY_NS = 100 * MICROSECOND
TAKE_NS = 10 * MICROSECOND
REQUEST = Request(1, 2, "Raft.append_entries", b"")
CALL = Call(1, 2, "Raft.append_entries", b"")
REPLY, APPLY, SAVE = Reply(1, b""), Apply(1, ()), Persist(b"state", b"")
ASK = Invoke(7, "get_state", ())


def foresight(**changed):
    usual = {
        "until_ns": UNTIL_NS,
        "delay_ns_min": DELAY_NS,
        "take_ns": TAKE_NS,
        "takes_max": 100,
        "invoke_id": 7,
        "probe": "get_state",
        "rpc_method": "Raft.append_entries",
    }
    return Foresight(**{**usual, **changed})


def following(actions, wake_ns=None, event=REQUEST, **changed):
    """Return what follows the first step of a box at time 0."""
    ahead = StepsAhead()
    ahead.begin(foresight(**changed))
    return ahead.following(0, event, actions, wake_ns)


def test_it_is_asked_at_once_when_its_state_may_have_changed():
    assert following([SAVE, REPLY]) == (0, ASK)
    assert following([CALL], rpc_method="Raft.request_vote") == (0, ASK)
    assert following([CALL]) is None
    assert following([SAVE, Result(1, ())]) is None
    assert following([SAVE, REPLY], until_ns=0) == (0, ASK)
    assert following([SAVE, REPLY], probe="") is None


def test_what_it_applies_is_taken_after_a_fixed_time():
    assert following([REPLY, APPLY]) == (TAKE_NS, Taken(1))
    assert following([APPLY], take_ns=0, takes_max=0) is None
    assert following([APPLY], until_ns=TAKE_NS) is None


def test_its_time_out_ends():
    assert following([], wake_ns=500) == (500, Wake())
    assert following([], wake_ns=-1) == (0, Wake())
    assert following([], wake_ns=UNTIL_NS) is None
    assert following([], wake_ns=None) is None


def test_the_first_of_two_follows_and_neither_if_both_do_at_once():
    assert following([APPLY], wake_ns=TAKE_NS - 1) == (TAKE_NS - 1, Wake())
    assert following([APPLY], wake_ns=TAKE_NS + 1) == (TAKE_NS, Taken(1))
    assert following([APPLY], wake_ns=TAKE_NS) is None


def test_a_message_of_its_own_may_bring_another_one():
    assert following([CALL], wake_ns=DELAY_NS - 1) == (DELAY_NS - 1, Wake())
    assert following([CALL], wake_ns=DELAY_NS) is None
    assert following([REPLY], wake_ns=DELAY_NS) is None


def test_a_reply_may_bring_one_at_once_while_a_call_is_under_way():
    ahead = StepsAhead()
    ahead.begin(None)
    assert ahead.following(0, Wake(), [CALL], None) is None
    ahead.begin(foresight())
    assert ahead.following(0, REQUEST, [REPLY], 500) is None
    ahead.begin(foresight())
    assert ahead.following(0, Response(1, None), [REPLY], 500) == (500, Wake())


def test_nothing_is_certain_once_it_is_constructed_or_has_broken():
    for action in (Ready(), Crash("exception", "headline", "evidence")):
        assert following([action], wake_ns=500) is None


def test_one_step_follows_another():
    ahead = StepsAhead()
    ahead.begin(foresight())
    assert ahead.following(0, REQUEST, [SAVE, APPLY], 50_000) == (0, ASK)
    answer = [Result(7, (1, False))]
    assert ahead.following(0, ASK, answer, 50_000) == (TAKE_NS, Taken(1))
    again = ahead.following(TAKE_NS, Taken(1), [Apply(2, ())], 50_000)
    assert again == (2 * TAKE_NS, Taken(2))
    then = ahead.following(2 * TAKE_NS, Taken(2), [], 50_000)
    assert then == (50_000, Wake())
    assert ahead.following(50_000, Wake(), [], None) is None


def test_nothing_follows_a_question_without_an_answer():
    ahead = StepsAhead()
    ahead.begin(foresight())
    assert ahead.following(0, REQUEST, [SAVE], 500) == (0, ASK)
    assert ahead.following(0, ASK, [], 500) is None


def test_after_so_many_messages_taken_nothing_is_certain():
    ahead = StepsAhead()
    ahead.begin(foresight(takes_max=1))
    assert ahead.following(0, REQUEST, [APPLY], None) == (TAKE_NS, Taken(1))
    assert ahead.following(TAKE_NS, Taken(1), [Apply(2, ())], None) is None


def test_a_run_takes_fewer_turns_and_is_the_same(
    zygote, run_isolated, graded_tests, monkeypatch
):
    boxes = zygote(ROOT / "raft")
    test = graded_tests["test_basic_agreement"]
    counts = {"steps": 0, "turns": 0}
    step, send = ProcessBox.step, ProcessBox._send

    def counted_step(box, now_ns, event):
        counts["steps"] += 1
        return step(box, now_ns, event)

    def counted_send(box, data):
        counts["turns"] += 1
        send(box, data)

    monkeypatch.setattr(ProcessBox, "step", counted_step)
    monkeypatch.setattr(ProcessBox, "_send", counted_send)
    there = run_isolated(boxes, test, 0, digest=True)
    submission = Submission.find(ROOT / "raft")
    conditions = RunConditions(submission, test, 0)
    assert there.digest == run_test(conditions, recording=Recording(digest=True)).digest
    assert counts["turns"] < 0.9 * counts["steps"]
