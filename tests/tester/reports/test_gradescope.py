"""What Gradescope reads, against its documented format."""

import json
from typing import Any, Literal

import msgspec
import pytest

from tester.reports.classroom import classroom_json
from tester.reports.gradescope import HIDDEN_SEEDS, gradescope_json
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


def read_gradescope(content):
    return msgspec.json.decode(content, type=GradescopeFile, strict=True)


def test_gradescopes_format_is_read_strictly():
    for wrong in (b'{"points": 1}', b'{"score": "1"}', b'{"visibility": "no"}'):
        with pytest.raises(msgspec.ValidationError):
            read_gradescope(wrong)


def test_gradescope_gets_points_and_verdicts(made_up):
    results = read_gradescope(gradescope_json(made_up.mixed()))
    assert results.score == 6
    assert results.output.splitlines()[0] == (
        f"at least 6, at most 9 of 23 points, graded with {PYTHON}"
    )
    assert "1 test came to no verdict" in results.output
    assert results.stdout_visibility == "hidden"
    rows = [(t.number, t.score, t.max_score, t.status) for t in results.tests]
    assert rows == [
        ("2A.1", 6, 6, "passed"),
        ("2A.2", 0, 7, "failed"),
        ("2A.3", 0, 7, "failed"),
        ("2B.1", 0, 3, "failed"),
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


def points_that_classroom_gets(content):
    """Return (total, maximum), added up as the reporter does."""
    step = json.loads(content)
    if not step["max_score"]:
        return None
    return sum(test["score"] for test in step["tests"]), step["max_score"]
