"""Polling: how long the steps of servers are that wake up often."""

from pathlib import Path

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.clock import MILLISECOND
from labrpc.submission.submission import Submission
from tester.search.choices import Setting
from tester.search.histories import Histories
from tester.search.step_times import STEP_NS_MIN

CORRECT = Path(__file__).resolve().parents[2] / "correct"
WAITS = "time.sleep(random.uniform(0.3, 0.6))"
TICKS = """for _ in range(random.randrange(15, 30)):
                time.sleep(0.02)"""
# What a candidate does with votes when they arrive, and what only when it looks next.
COUNTS = """                if 2 * self.votes > len(self.peers):
                    self.leads = True
"""
LOOKS = f"""{TICKS}
                with self.lock:
                    self.leads = self.leads or 2 * self.votes > len(self.peers)"""
ELECTIONS = Setting(servers=3, elections_only=True)


def step_ns(boxes, setting):
    """Return how much time the steps of a submission take."""
    return Histories(boxes, setting)._step_ns


@pytest.mark.parametrize(
    ("bug", "expected_ns"),
    [
        ((), STEP_NS_MIN),
        ((WAITS, TICKS), STEP_NS_MIN),
        ((WAITS, LOOKS, COUNTS, ""), 20 * MILLISECOND + STEP_NS_MIN),
        # It never leads, so nothing shows whether it handles messages at once.
        ((WAITS, TICKS, COUNTS, ""), 20 * MILLISECOND + STEP_NS_MIN),
    ],
)
def test_who_only_looks_for_time_outs_takes_short_steps(
    bug, expected_ns, elector_boxes
):
    found_ns = step_ns(elector_boxes(*bug), ELECTIONS)
    assert abs(found_ns - expected_ns) < MILLISECOND


# A leader commits when it looks next, which is every 10 ms.
COMMITS_LATER = (
    ("class Raft:", "class Raft:\n    found = 0"),
    (
        "                self.commit = index\n                self.news.release()",
        "                self.found = index",
    ),
    (
        "                now = time.monotonic()\n",
        "                now = time.monotonic()\n"
        "                if self.found > self.commit:\n"
        "                    self.commit = self.found\n"
        "                    self.news.release()\n",
    ),
)


@pytest.mark.parametrize(
    ("changes", "expected_ns"),
    [((), STEP_NS_MIN), (COMMITS_LATER, 10 * MILLISECOND + STEP_NS_MIN)],
)
def test_who_commits_only_when_it_looks_takes_long_steps(
    changes, expected_ns, tmp_path
):
    text = (CORRECT / "one_way.py").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "raft.py").write_text(text)
    boxes = InProcessBoxFactory(Submission.find(tmp_path / "raft.py"))
    assert abs(step_ns(boxes, Setting()) - expected_ns) < MILLISECOND
