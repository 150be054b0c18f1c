"""Stories about a leader and its followers, each with a Raft that it shows to be wrong."""

from functools import partial
from pathlib import Path
from random import Random

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from tester import codes
from tester.search.choice_text import parse_choices
from tester.search.choices import Resume, Setting, Stall
from tester.search.disturbances import LATE_REPLY, drawn_by_speed
from tester.search.late_stories import Interruption, Progress, Uneven, interrupt, uneven
from tester.search.leader_stories import (
    Deposing,
    Repeating,
    Rush,
    Stalling,
    depose,
    repeat,
    rush,
    stall,
)
from tester.search.session import replayed
from tester.search.stories import (
    BareMajority,
    Overtaking,
    bare_majority,
    overtake,
    rivals_meet,
)
from tester.search.world_state import Messages

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "raft"


LATE_REPLIES = Overtaking(0, [0, 1], 2, 3, 1, LATE_REPLY, again=True, only=3)
TO_THE_OVERTAKEN = Overtaking(0, [0], 1, 3, 1, then=BareMajority(1, [0], 2, 1))
REPLACED_ALONE = Overtaking(
    0, [0], 1, 1, 0, then=BareMajority(1, [0], 0, 1, crashes=True)
)
STALLED = Stalling(1, 0, 3, at_once=True, missed=2, compacts=True, crashes=False)


def uneven_progress(waves, progress, late):
    """Return a story in which server 1 progresses unlike the other followers."""
    by_server = dict(enumerate(progress, start=1))
    compacts = late != "at last"
    return partial(uneven, Uneven(0, waves, by_server, 1, compacts, late, 2))


NOTHING, FIRST = Progress(0, answers=True), Progress(1, answers=True)
INTERRUPTED = Interruption(
    1, 2, 5, is_cut=False, successor=2, is_unheard=True, is_lost=True, last=2
)
UNANSWERED = Progress(2, answers=False)


@pytest.mark.parametrize(
    ("mutant", "code", "story", "setting"),
    [
        (
            "stale_append_reply_counted",
            codes.NOT_STORED_BY_MAJORITY,
            partial(overtake, LATE_REPLIES),
            Setting(servers=5),
        ),
        (
            "stale_suffix_kept",
            codes.LEADER_LACKS_COMMITTED,
            partial(overtake, TO_THE_OVERTAKEN),
            Setting(),
        ),
        (
            "replaced_entries_not_saved",
            codes.NOT_STORED_BY_MAJORITY,
            partial(overtake, REPLACED_ALONE),
            Setting(),
        ),
        (
            "entries_saved_after_reply",
            codes.NOT_STORED_BY_MAJORITY,
            partial(bare_majority, BareMajority(0, [1], 2, 1, dies_after=1)),
            Setting(),
        ),
        (
            "failed_call_retried_unchecked",
            codes.APPLIED_DIFFERENTLY,
            partial(depose, Deposing(0, 1, 2, 1, is_lost=True, again=0)),
            Setting(),
        ),
        (
            "snapshot_applied_beside_the_applier",
            codes.APPLIED_OUT_OF_ORDER,
            partial(stall, STALLED),
            Setting(),
        ),
        (
            "older_snapshot_saved",
            codes.APPLIED_OUT_OF_ORDER,
            partial(stall, STALLED._replace(crashes=True)),
            Setting(),
        ),
        (
            "compacted_entries_off_by_one",
            codes.APPLIED_DIFFERENTLY,
            partial(repeat, Repeating(0, 1, missed=0, after=0, compacts=True)),
            Setting(),
        ),
        (
            "older_snapshot_installed",
            codes.SNAPSHOT_WENT_BACK,
            partial(repeat, Repeating(0, 1, missed=1, after=1, compacts=True)),
            Setting(),
        ),
        (
            "stale_append_reply_counted",
            codes.NOT_STORED_BY_MAJORITY,
            uneven_progress([2, 1], [UNANSWERED, *[NOTHING] * 3], late="at last"),
            Setting(servers=5),
        ),
        (
            "suffix_committed_with_a_snapshot",
            codes.LEADER_LACKS_COMMITTED,
            uneven_progress([2, 1], [UNANSWERED, *[FIRST] * 3], late="lost"),
            Setting(servers=5),
        ),
        (
            "snapshot_discards_the_log",
            codes.LEADER_LACKS_COMMITTED,
            uneven_progress([1, 1], [NOTHING, FIRST], late="before"),
            Setting(),
        ),
        (
            "snapshot_compared_with_the_last_one",
            codes.SNAPSHOT_WENT_BACK,
            uneven_progress([2, 1], [NOTHING, Progress(2, True)], late="swapped"),
            Setting(),
        ),
        (
            "second_vote",
            codes.TWO_LEADERS,
            partial(rivals_meet, 1, 2, 0),
            Setting(),
        ),
        (
            "suffix_dropped_at_step_down",
            codes.LEADER_LACKS_COMMITTED,
            partial(interrupt, INTERRUPTED),
            Setting(),
        ),
    ],
)
def test_a_story_shows_what_is_wrong(mutant, code, story, setting, happened):
    path = ROOT / "tests" / "mutants" / f"{mutant}.py"
    _, error = happened(path, story, setting=setting)
    assert error.code is code
    assert happened(REFERENCE, story, setting=setting)[1] is None


def test_a_rush_ends_with_another_leader_and_no_harm_to_a_correct_raft(happened):
    for seed in range(3):
        compacts = seed > 0
        story = partial(rush, Rush(0, 12, 1, 2, compacts), Random(seed))
        setting = Setting(snapshot_interval=0 if compacts else 2)
        assert happened(REFERENCE, story, setting=setting)[1] is None


def test_messages_of_a_link_keep_their_order_and_slow_links_wait():
    messages = Messages(3)
    slow = [messages.request(0, 1, "a", b"", 1, call) for call in (1, 2)]
    fast = [messages.request(0, 2, "a", b"", 1, call) for call in (3, 4)]
    speeds = {(0, 1): 0.001, (0, 2): 1.0}
    draws = Random(0)
    for first in (fast[0], fast[1]):
        ready = [*slow, *fast]
        assert drawn_by_speed(draws, speeds, ready) is first
        fast.remove(first)
    assert drawn_by_speed(draws, speeds, slow) is slow[0]


AGREED = """servers 2
mixed-commands 1
time-out 0
deliver 0 -> 1 request_vote
deliver 1 -> 0 reply request_vote
stall 0
start 0
start 0
deliver 0 -> 1 append_entries
deliver 1 -> 0 reply append_entries
deliver 0 -> 1 append_entries
deliver 1 -> 0 reply append_entries
"""


def run_of_the_reference(text):
    choices = parse_choices(text, "text")
    run, error, _ = replayed(InProcessBoxFactory(Submission.find(REFERENCE)), choices)
    assert error is None
    return run


def test_a_stalled_service_takes_nothing_until_it_is_resumed():
    stalled = run_of_the_reference(AGREED + "stall 0\n")
    assert stalled.choices.count(Stall(0)) == 1
    assert stalled.state.servers[0].applied == ()
    resumed = run_of_the_reference(AGREED + "resume 0\nresume 0\n")
    assert resumed.choices.count(Resume(0)) == 1
    assert len(resumed.state.servers[0].applied) == 2
    recovered = run_of_the_reference(AGREED + "recover\n")
    assert len(recovered.state.servers[0].applied) > 2


def test_every_other_command_is_large():
    small, large = run_of_the_reference(AGREED + "resume 0\n").state.servers[0].applied
    assert small == 1
    assert large.rstrip() == "2"
    assert len(large) == 5000
    assert Setting().command(2) == 2
