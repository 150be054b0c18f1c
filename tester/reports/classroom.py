"""classroom.json: a step's result for GitHub Classroom's autograding reporter.

The reporter adds up the tests' scores. It reads the result, in base64, from an
environment variable, so the result has to fit into one.
"""

from typing import Literal

import msgspec

from tester.reports.gradescope import text_of
from tester.reports.student import TestReport, student_report
from tester.scoring.grades import Grade
from tester.text import cut
from tester.verdict import Verdict

Status = Literal["pass", "fail", "error"]

# Linux allows 128 KiB for a variable with its name; base64 makes four bytes of three.
BYTES_MAX = 96_000
MESSAGE_CHARACTERS = (2_000, 500, 100, 0)
_STATUS: dict[Verdict, Status] = {
    Verdict.PASSED: "pass",
    Verdict.FAILED: "fail",
    Verdict.UNKNOWN: "error",
}


class ClassroomTest(msgspec.Struct, kw_only=True):
    """One test.

    Attributes:
        test_code: the replay command; the reporter prints it if the test did not pass.
        duration: CPU seconds.
    """

    name: str
    status: Status
    score: float
    message: str
    test_code: str
    filename: str
    line_no: int
    duration: float


class ClassroomResult(msgspec.Struct, kw_only=True):
    """The whole file."""

    version: int
    status: Status
    max_score: float
    tests: list[ClassroomTest]


def classroom_json(grade: Grade) -> bytes:
    """Return the file's content, with messages cut until it fits into a variable."""
    content = b""
    for characters_max in MESSAGE_CHARACTERS:
        content = msgspec.json.encode(_result(grade, characters_max))
        if len(content) <= BYTES_MAX:
            break
    return content


def _result(grade: Grade, characters_max: int) -> ClassroomResult:
    report = student_report(grade)
    duration = {test.outcome.test: test.outcome.cpu_s for test in grade.tests}
    if report.failed or report.load_error:
        status: Status = "fail"
    else:
        status = "error" if report.unknown else "pass"
    return ClassroomResult(
        version=1,
        status=status,
        max_score=round(report.points_max, 4),
        tests=[
            _test(test, round(duration[test.name], 3), characters_max)
            for test in report.tests
        ],
    )


def _test(test: TestReport, duration: float, characters_max: int) -> ClassroomTest:
    return ClassroomTest(
        name=f"{test.part} {test.name}",
        status=_STATUS[test.verdict],
        score=round(test.points, 4),
        message=cut(text_of(test), characters_max),
        test_code=test.replay,
        filename="",
        line_no=0,
        duration=duration,
    )
