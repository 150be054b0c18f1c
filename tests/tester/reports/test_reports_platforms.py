"""What Gradescope and GitHub Classroom read, against their documented formats."""

import base64
import json
import re
import shutil
import textwrap
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from tester.reports.classroom import classroom_json
from tester.reports.gradescope import HIDDEN_SEEDS, gradescope_json
from tester.verdict import Verdict
from tester.versions import PYTHON

# Gradescope's "Autograder Specifications", each field that it documents.

Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]
Format = Literal["text", "html", "simple_format", "md", "ansi"]


class Documented(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    pass


class Test(Documented):
    __test__ = False
    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None
    name: str = ""
    name_format: Format = "text"
    number: str = ""
    output: str = ""
    output_format: Format = "text"
    tags: list[str] = []
    visibility: Visibility = "visible"
    extra_data: dict[str, Any] = {}


class LeaderboardEntry(Documented):
    name: str
    value: float | str
    order: Literal["desc", "asc"] = "desc"


class GradescopeFile(Documented):
    score: float | None = None
    execution_time: float | None = None
    output: str = ""
    output_format: Format = "simple_format"
    test_output_format: Format = "text"
    test_name_format: Format = "text"
    visibility: Visibility = "visible"
    stdout_visibility: Visibility = "hidden"
    extra_data: dict[str, Any] = {}
    tests: list[Test] = []
    leaderboard: list[LeaderboardEntry] = []


# GitHub Classroom's reporter (autograding-grading-reporter), each field it knows.


class Step(Documented):
    class Test(Documented):
        name: str
        status: Literal["pass", "fail", "error"]
        score: float
        message: str
        test_code: str
        filename: str
        line_no: int
        duration: float

    version: int
    status: Literal["pass", "fail", "error"]
    max_score: float
    tests: list[Test]


# What Linux lets one variable of the environment have, name and all.
VARIABLE_BYTES_MAX = 128 << 10


def read_gradescope(content):
    return msgspec.json.decode(content, type=GradescopeFile, strict=True)


def read_step(content):
    return msgspec.json.decode(content, type=Step, strict=True)


def test_the_formats_are_read_strictly():
    for wrong in (b'{"points": 1}', b'{"score": "1"}', b'{"visibility": "no"}'):
        with pytest.raises(msgspec.ValidationError):
            read_gradescope(wrong)
    with pytest.raises(msgspec.ValidationError):
        read_step(b'{"version": 1, "status": "passed", "max_score": 1, "tests": []}')


# Gradescope.


def test_gradescope_gets_points_and_verdicts(made_up):
    results = read_gradescope(gradescope_json(made_up.mixed()))
    assert results.score == 6
    assert results.output.splitlines()[0] == f"6 of 20 points, graded with {PYTHON}"
    assert "1 test came to no verdict" in results.output
    assert results.stdout_visibility == "hidden"
    rows = [(t.number, t.score, t.max_score, t.status) for t in results.tests]
    assert rows == [
        ("2A.1", 6, 6, "passed"),
        ("2A.2", 0, 7, "failed"),
        ("2A.3", 0, 7, "failed"),
        # By itself Gradescope would take 0 of 0 points for passed.
        ("2B.1", 0, 0, "failed"),
    ]
    assert results.tests[0].name == (
        "test_initial_election: A leader is elected, and stays while nothing fails."
    )
    assert "No verdict" in results.tests[3].output
    assert sum(test.score for test in results.tests) == results.score


def test_parts_by_shares_and_extra_points_add_up(made_up):
    grade = made_up.with_extra()
    results = read_gradescope(gradescope_json(grade))
    assert results.score == 6
    assert [(test.score, test.status) for test in results.tests] == [
        (3, "failed"),
        (3, "passed"),
    ]
    assert "2X: 3 of 3 extra: each test earns" in results.output
    assert points_that_classroom_gets(classroom_json(grade)) == (6, 6)


def test_a_failure_says_why_and_how_to_run_it_again(made_up):
    output = read_gradescope(gradescope_json(made_up.mixed())).tests[1].output
    assert output.splitlines()[:2] == ["1 of 2 runs passed", "term 1 has 2 leaders"]
    assert output.splitlines()[-1] == (
        'pytest --lab -k "test_re_election[" --seed 1 --submission . --hash-seed 0 '
        "--preempt --lab-trace"
    )


def test_tests_at_hidden_seeds_are_marked(made_up):
    tests = read_gradescope(gradescope_json(made_up.mixed())).tests
    marked = [test.name.split(":")[0] for test in tests if HIDDEN_SEEDS in test.tags]
    assert marked == ["test_many_elections"]
    # A test that is shown later would hide the total from everybody until then.
    assert {test.visibility for test in tests} == {"visible"}


def test_a_submission_that_does_not_load_says_so_once(made_up):
    run = made_up.a_run(reason="syntax error in raft.py, line 3", evidence="    def (")
    grade = made_up.a_grade(run, load_error=run.reason)
    results = read_gradescope(gradescope_json(grade))
    assert results.score == 0
    assert (
        f"does not load with {PYTHON}.\nsyntax error in raft.py, line 3\n    def ("
        in results.output
    )
    assert results.tests[0].output == "not run: the submission does not load"


def test_hostile_outputs_are_text_and_of_bounded_size(made_up):
    for grade in made_up.hostile():
        content = gradescope_json(grade)
        assert len(content) < 50_000
        results = read_gradescope(content)
        assert results.output_format == "text"
        assert {test.output_format for test in results.tests} == {"text"}
        assert "\\u001b" not in content.decode()


# GitHub Classroom.


def points_that_classroom_gets(content):
    """Return (total, maximum), added up as the reporter does."""
    step = json.loads(content)
    if not step["max_score"]:
        return None
    return sum(test["score"] for test in step["tests"]), step["max_score"]


def test_classroom_gets_the_points(made_up):
    content = classroom_json(made_up.mixed())
    assert points_that_classroom_gets(content) == (6, 20)
    step = read_step(content)
    assert step.status == "fail"
    assert [test.status for test in step.tests] == ["pass", "fail", "fail", "error"]
    assert step.tests[1].name == "2A test_re_election"
    assert step.tests[1].message.startswith("1 of 2 runs passed\nterm 1 has 2 leaders")
    assert "pytest --lab" in step.tests[1].test_code
    assert step.tests[1].duration == 0.5


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["passed", "passed"], "pass"),
        (["passed", "unknown"], "error"),
        (["unknown", "failed"], "fail"),
    ],
)
def test_a_step_is_as_bad_as_its_worst_test(made_up, verdicts, status):
    tests = "test_initial_election", "test_re_election"
    runs = [made_up.a_run(t, Verdict(v)) for t, v in zip(tests, verdicts, strict=True)]
    assert read_step(classroom_json(made_up.a_grade(*runs))).status == status


def test_a_step_that_does_not_load_has_failed_with_its_maximum(made_up):
    run = made_up.a_run(reason="no class Raft")
    content = classroom_json(made_up.a_grade(run, load_error=run.reason))
    # Without a maximum the reporter would report nothing.
    assert points_that_classroom_gets(content) == (0, 6)
    assert read_step(content).status == "fail"


def test_a_step_fits_into_a_variable(made_up):
    runs = [
        made_up.a_run(f"test_number_{n}", evidence="試験\n" * 100_000)
        for n in range(60)
    ]
    for grade in [made_up.a_grade(*runs), *made_up.hostile()]:
        content = classroom_json(grade)
        read_step(content)
        variable = b"LAB_RESULTS=" + base64.b64encode(content) + b"\0"
        assert len(variable) < VARIABLE_BYTES_MAX
    # There is room for what matters most.
    message = read_step(classroom_json(made_up.a_grade(*runs))).tests[0].message
    assert message.startswith("term 0 has 2 leaders")


def test_the_documented_workflow_hands_the_points_to_the_reporter(
    project, example, tmp_path, shell
):
    documented = (project / "docs/ci.md").read_text().partition("per test -->")[2]
    script = re.search(r"run: \|\n((?: {10}.*\n)+)", documented)
    repository = tmp_path / "my repository"
    shutil.copytree(example("only_2a"), repository)
    files = {
        name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
    }
    fewer = textwrap.dedent(script[1]).replace("--seeds 5", "--seeds 1")
    done = shell(fewer, repository, RUNNER_TEMP=str(tmp_path / "a temp"), **files)
    assert done.returncode == 0, done.stdout + done.stderr
    output = Path(files["GITHUB_OUTPUT"]).read_text()
    encoded = output.removeprefix("result=").removesuffix("\n")
    assert points_that_classroom_gets(base64.b64decode(encoded)) == (20, 50)
    assert "# Raft lab: my repository" in Path(files["GITHUB_STEP_SUMMARY"]).read_text()
