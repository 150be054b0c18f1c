"""What GitHub Classroom's reporter reads, against each field it knows."""

import base64
import json
import re
import shutil
import textwrap
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tester.reports.classroom import classroom_json
from tester.verdict import Verdict

# GitHub Classroom's reporter (autograding-grading-reporter), each field it knows.


class Documented(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    pass


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


def read_step(content):
    return msgspec.json.decode(content, type=Step, strict=True)


def test_the_reporters_format_is_read_strictly():
    with pytest.raises(msgspec.ValidationError):
        read_step(b'{"version": 1, "status": "passed", "max_score": 1, "tests": []}')


def points_that_classroom_gets(content):
    """Return (total, maximum), added up as the reporter does."""
    step = json.loads(content)
    if not step["max_score"]:
        return None
    return sum(test["score"] for test in step["tests"]), step["max_score"]


def test_classroom_gets_the_points(made_up):
    content = classroom_json(made_up.mixed())
    assert points_that_classroom_gets(content) == (6, 23)
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_documented_commands_give_all_or_nothing_and_isolate(
    project, example, tmp_path, shell
):
    page = (project / "docs/ci.md").read_text()
    documented = page.partition("all or nothing -->")[2]
    commands = re.findall(r"^ +command: (.*)$", documented, re.M)
    repository = tmp_path / "repository"
    shutil.copytree(example("only_2a"), repository)
    for command, status in zip(commands, (0, 1), strict=True):
        fewer = command.replace("--seeds 5", "--seeds 1").replace("/tmp", str(tmp_path))
        done = shell(f"{fewer} --tests 'initial_election or basic_agree'", repository)
        assert done.returncode == status, done.stdout + done.stderr
        assert "each server runs in a sandboxed process" in done.stdout
