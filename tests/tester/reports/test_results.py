"""results.json: everything there is, as it is documented."""

import csv
import io
import sys

import msgspec
import pytest
from rich.console import Console

from tester.reports import (
    print_grades,
)
from tester.reports.grades_csv import grades_csv
from tester.reports.results import (
    RESULTS_VERSION,
    PartResult,
    Results,
    SubmissionResult,
    TestResult,
    results_json,
)
from tester.scoring.grades import NO_SEED_MAY_FAIL
from tester.verdict import Run, Verdict


def test_results_say_all_there_is(made_up):
    grades = [made_up.mixed(), made_up.mixed("bob")]
    results = msgspec.json.decode(results_json(grades), type=Results)
    assert results.version == RESULTS_VERSION
    assert results.python == "Python " + ".".join(map(str, sys.version_info[:3]))
    assert results.runs == [run for grade in grades for run in grade.runs]
    (alice, bob) = results.submissions
    assert (alice.submission, bob.submission) == ("alice", "bob")
    assert (alice.points, alice.points_max, alice.percent) == (6, 23, 26.09)
    assert alice.points_at_most == 9
    parts = [(part.part, part.points, part.points_max) for part in alice.parts]
    assert parts == [("2A", 6, 20), ("2B", 0, 3)]
    assert alice.parts[0].policy == NO_SEED_MAY_FAIL.words
    assert [(t.test, t.points, t.runs, t.passed, t.unknown) for t in alice.tests] == [
        ("test_initial_election", 6, 2, 2, 0),
        ("test_re_election", 0, 2, 1, 0),
        ("test_many_elections", 0, 2, 1, 0),
        ("test_basic_agreement", 0, 1, 0, 1),
    ]


def test_where_there_is_nothing_to_earn_there_is_no_percentage(made_up):
    grades = [made_up.no_verdict(), made_up.only_extra(), made_up.mixed()]
    results = msgspec.json.decode(results_json(grades), type=Results)
    assert [entry.percent for entry in results.submissions] == [None, None, 26.09]
    eve, xena, alice = csv.DictReader(
        io.StringIO(grades_csv(grades).decode("utf-8-sig"))
    )
    assert [row["percent"] for row in (eve, xena, alice)] == ["", "", "26.1"]
    assert (xena["points"], xena["points_max"]) == ("20", "0")
    assert eve["first_reason"] == "no verdict: the machine fell over"
    assert xena["first_reason"] == ""
    assert alice["first_reason"] == "term 1 has 2 leaders"
    out = io.StringIO()
    print_grades(Console(file=out, width=160), grades)
    assert "xena: 20 extra points" in out.getvalue()
    (row,) = [line for line in out.getvalue().splitlines() if "│ eve" in line]
    assert "at least 0, at most 6 of 6" in row
    assert "%" not in row


def test_every_field_is_documented(project):
    documented = (project / "docs/results.md").read_text()
    for struct in (Results, SubmissionResult, PartResult, TestResult, Run):
        for field in struct.__struct_fields__:
            assert f"`{field}`" in documented, field
    header = grades_csv([]).decode("utf-8-sig").strip().split(",")
    for column in header:
        assert f"`{column}`" in documented, column


@pytest.mark.unmeasured
def test_hostile_results_can_be_read(made_up):
    results = msgspec.json.decode(results_json(made_up.hostile()), type=Results)
    assert len(results.submissions) == len(made_up.hostile())
    assert results.submissions[0].submission == made_up.NAMES[0]


def test_a_load_error_is_stored_once(made_up):
    grades = [made_up.unloaded("eve"), made_up.mixed()]
    results = msgspec.json.decode(results_json(grades), type=Results)
    eve, alice = results.submissions
    assert (eve.load_error, eve.load_code) == ("no class Raft, line 3", "no-raft-class")
    assert eve.load_evidence == "in raft.py"
    assert (alice.load_error, alice.load_code, alice.load_evidence) == ("", "", "")
    assert {run.submission for run in results.runs} == {"alice"}
    assert eve.tests[0].runs == 1


def test_every_kind_of_verdict_is_among_the_made_up_ones(made_up):
    assert {run.verdict for run in made_up.mixed().runs} == set(Verdict)
