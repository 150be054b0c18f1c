"""Progress: a line for each submission that is finished, a bar on a terminal."""

import io

import pytest
from rich.console import Console

from tester.cli.progress import progress
from tester.grading.grader import Grading
from tester.grading.plan import Plan
from tester.scoring.rubric_file import default_rubric
from tester.verdict import Run, Verdict


@pytest.fixture
def plan(dictator, suite):
    """Return a plan: two submissions, one test, two seeds."""
    paths = {name: dictator(name=name).path for name in ("amy", "bob")}
    tests = suite[:1]
    # Equal files would make one the copy of the other.
    (paths["bob"] / "notes.py").write_text("")
    return Plan(paths, tests, [0, 1], default_rubric(tests))


def run_of(plan, submission, seed, verdict):
    (test,) = plan.tests
    return Run(
        submission=submission, part=test.part, test=test.name, seed=seed,
        points=test.points, verdict=verdict,
    )  # fmt: skip


def test_elsewhere_a_line_is_printed_for_each_submission_that_is_finished(plan):
    out = io.StringIO()
    with progress(Console(file=out), plan, Grading(plan)) as notify:
        notify(run_of(plan, "amy", 0, Verdict.FAILED))
        assert out.getvalue() == ""
        notify(run_of(plan, "amy", 1, Verdict.PASSED))
        assert out.getvalue() == "[1/2] amy: 1 of 2 runs passed\n"
        for seed in (0, 1):
            notify(run_of(plan, "bob", seed, Verdict.PASSED))
    assert out.getvalue().splitlines()[1:] == ["[2/2] bob: 2 of 2 runs passed"]


def test_what_was_run_before_is_counted_but_not_shown(plan):
    out = io.StringIO()
    done = [run_of(plan, "amy", seed, Verdict.PASSED) for seed in (0, 1)]
    with progress(Console(file=out), plan, Grading(plan, done)) as notify:
        for seed in (0, 1):
            notify(run_of(plan, "bob", seed, Verdict.PASSED))
    assert out.getvalue() == "[2/2] bob: 2 of 2 runs passed\n"


def test_on_a_terminal_a_bar_counts_runs_and_failures(plan):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, no_color=True)
    with progress(console, plan, Grading(plan)) as notify:
        notify(run_of(plan, "amy", 0, Verdict.FAILED))
        notify(run_of(plan, "amy", 1, Verdict.PASSED))
    assert "2/4 runs, 1 failed" in out.getvalue()
