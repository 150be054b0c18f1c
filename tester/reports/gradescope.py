"""gradescope.json: the file that Gradescope reads as results.json.

The format is Gradescope's own (its "Autograder Specifications"); the structs have
only those of its fields that the lab sets.
"""

from typing import Literal

import msgspec

from tester.reports.student import StudentReport, TestReport, student_report
from tester.scoring.grades import Grade
from tester.text import counted
from tester.verdict import Verdict
from tester.versions import PYTHON

Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
HIDDEN_SEEDS = "hidden seeds"


class GradescopeTest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One test on the student's result page.

    Attributes:
        status: always given, since Gradescope would show 0 of 0 points as passed.
        output: plain text, not HTML or Markdown.
    """

    name: str
    number: str
    score: float
    max_score: float
    status: Literal["passed", "failed"]
    output: str
    output_format: Literal["text"] = "text"
    name_format: Literal["text"] = "text"
    visibility: Visibility = "visible"
    tags: list[str] = msgspec.field(default_factory=list)


class LeaderboardEntry(msgspec.Struct, kw_only=True):
    """One number of a submission on the leaderboard: smaller is better."""

    name: str
    value: float
    order: Literal["asc", "desc"] = "asc"


class GradescopeResults(msgspec.Struct, kw_only=True):
    """The whole file.

    Attributes:
        score: always given: if a part has a policy of its own, the grade may differ
            from the sum of the tests' scores.
        leaderboard: what the submission is like, if that was measured.
        stdout_visibility: hidden, since what the grader prints names seeds.
    """

    score: float
    output: str
    output_format: Literal["text"] = "text"
    visibility: Visibility = "visible"
    stdout_visibility: Visibility = "hidden"
    execution_time: float = 0.0
    tests: list[GradescopeTest] = msgspec.field(default_factory=list)
    leaderboard: list[LeaderboardEntry] | msgspec.UnsetType = msgspec.UNSET


def gradescope_json(grade: Grade) -> bytes:
    """Return the file's content."""
    report = student_report(grade)
    results = GradescopeResults(
        score=round(grade.points, 4),
        output=_output(report),
        execution_time=round(sum(run.cpu_s for run in grade.runs), 3),
        tests=[
            _test(test, f"{part.name}.{position}")
            for part in report.parts
            for position, test in enumerate(part.tests, start=1)
        ],
    )
    return msgspec.json.format(msgspec.json.encode(results), indent=1)


def _test(test: TestReport, number: str) -> GradescopeTest:
    about = f": {test.about}" if test.about else ""
    return GradescopeTest(
        name=f"{test.name}{about}",
        number=number,
        score=round(test.points, 4),
        max_score=round(test.points_max, 4),
        status="passed" if test.verdict is Verdict.PASSED else "failed",
        output=text_of(test),
        tags=[HIDDEN_SEEDS] if test.hidden else [],
    )


def text_of(test: TestReport) -> str:
    """Return a test's outcome, reason, evidence and replay command as plain text."""
    lines = [test.tally, test.reason]
    if test.verdict is Verdict.UNKNOWN:
        lines.insert(
            0, "No verdict: what this test earns is known when it has run again."
        )
    if test.evidence:
        lines += ["", test.evidence]
    lines += [f"Warning, which costs no points: {text}" for text in test.warnings]
    if test.advice:
        lines += ["", test.advice, test.replay]
    return "\n".join(lines).strip("\n")


def _output(report: StudentReport) -> str:
    """Return the text above the tests."""
    lines = [f"{report.earned}, graded with {PYTHON}"]
    if report.inside:
        lines.append(f"We graded {report.inside} from what you handed in.")
    lines += [f"Breaks safety: {breach}" for breach in report.safety]
    if report.safety_cap:
        lines.append(f"The rubric leaves {report.safety_cap}.")
    lines += [
        f"{part.name}: {part.earned}{' extra' if part.extra else ''}: {part.policy}"
        for part in report.parts
    ]
    if report.load_error:
        lines += [
            f"Nothing could be tested: the submission does not load with {PYTHON}.",
            report.load_error,
            report.load_evidence,
        ]
    elif report.failed:
        lines.append(
            "Each failed test says why, and how to run it again on your own machine."
        )
    if report.unknown:
        lines.append(
            f"{counted(len(report.unknown), 'test')} came to no verdict: ask the staff "
            "to run the autograder again."
        )
    return "\n".join(line for line in lines if line)
