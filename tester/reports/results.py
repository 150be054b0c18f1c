"""results.json: all runs and grades, for programs.

The structs are its schema, which docs/results.md explains. A new field needs no new
version; a field that changes its meaning, or is removed, does.
"""

import msgspec

from tester import jsonl
from tester.scoring.grades import Grade, TestGrade
from tester.verdict import Run
from tester.versions import PYTHON

RESULTS_VERSION = 6


class TestResult(msgspec.Struct, kw_only=True):
    """The points of one test of one submission, and its runs by verdict.

    Attributes:
        share: of the runs with a verdict, how many passed; None if there are none.
        interval: the share of all seeds that pass, at least and at most, where a rubric
            has a `confidence`; None if it has not.
        error: the probability, at most, that the interval is wrong; None without one.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    part: str
    test: str
    points: float
    points_at_most: float
    points_max: float
    runs: int
    passed: int
    unknown: int
    share: float | None = None
    interval: tuple[float, float] | None = None
    error: float | None = None


class PartResult(msgspec.Struct, kw_only=True):
    """The points of one part of one submission.

    Attributes:
        extra: its points are added, but are not among those that can be earned.
        policy: how its points are earned, in words.
    """

    part: str
    points: float
    points_at_most: float
    points_max: float
    extra: bool
    policy: str


class SafetyResult(msgspec.Struct, kw_only=True):
    """A property that a submission broke, and the first run that shows it.

    Attributes:
        code: the stable name of the failure.
        broken: the property, and where the paper has it.
    """

    code: str
    broken: str
    part: str
    test: str
    seed: int
    hidden: bool


class SubmissionResult(msgspec.Struct, kw_only=True):
    """The points of one submission.

    Attributes:
        points: those that the safety caps leave, at least: runs without a verdict count
            as failed.
        points_at_most: the same if runs without a verdict count as passed.
        points_max: without the extra parts.
        safety: the properties that it broke; empty if no run shows any.
        safety_cap: the share of the points that is left at most if there are any, None
            for all.
        percent: None if there was nothing to earn.
        load_error: why it does not load, "" if it does.
        load_code: the stable name of that.
        load_evidence: what that rests on.
        same_as: an identical submission, whose runs count for this one, "" for none.
    """

    submission: str
    path: str
    points: float
    points_at_most: float
    points_max: float
    percent: float | None
    load_error: str
    load_code: str
    load_evidence: str
    same_as: str
    safety: list[SafetyResult]
    safety_cap: float | None
    parts: list[PartResult]
    tests: list[TestResult]


class Results(msgspec.Struct, kw_only=True):
    """The whole file.

    Attributes:
        runs: without those of submissions that do not load: none of them was made.
        python: the version with which it was graded, as in "Python 3.12.1".
    """

    version: int
    python: str
    submissions: list[SubmissionResult]
    runs: list[Run]


def results_json(grades: list[Grade]) -> bytes:
    """Return the file's content."""
    results = Results(
        version=RESULTS_VERSION,
        python=PYTHON,
        submissions=[_submission(grade) for grade in grades],
        runs=[run for grade in grades if not grade.load_error for run in grade.runs],
    )
    return msgspec.json.format(jsonl.encode(results), indent=1)


def _submission(grade: Grade) -> SubmissionResult:
    load = grade.load_result
    return SubmissionResult(
        submission=grade.submission,
        path=grade.path,
        points=grade.points,
        points_at_most=grade.points_most,
        points_max=grade.points_max,
        percent=None if grade.percent is None else round(grade.percent, 2),
        load_error=grade.load_error,
        load_code=load.code if load else "",
        load_evidence=load.evidence if load else "",
        same_as=grade.same_as,
        safety=[
            SafetyResult(
                code=breach.code.name,
                broken=breach.property,
                part=breach.run.part,
                test=breach.run.test,
                seed=breach.run.seed,
                hidden=breach.run.hidden,
            )
            for breach in grade.safety_record
        ],
        safety_cap=grade.safety_cap,
        parts=[
            PartResult(
                part=part.name,
                points=part.points,
                points_at_most=part.points_most,
                points_max=part.points_max,
                extra=part.extra,
                policy=part.policy,
            )
            for part in grade.part_grades
        ],
        tests=[_test(test) for test in grade.tests],
    )


def _test(test: TestGrade) -> TestResult:
    counts, sample = test.outcome.counts, test.sample
    return TestResult(
        part=test.outcome.part,
        test=test.outcome.test,
        points=test.points,
        points_at_most=test.points_most,
        points_max=test.points_max,
        runs=counts.total,
        passed=counts.passed,
        unknown=counts.unknown,
        share=round(counts.passed / counts.judged, 6) if counts.judged else None,
        interval=(round(sample.passing[0], 6), round(sample.passing[1], 6))
        if sample
        else None,
        error=sample.error if sample else None,
    )
