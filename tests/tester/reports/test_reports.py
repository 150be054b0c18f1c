"""Which files there are, that they are whole, and what programs read in them."""

import codecs
import csv
import dataclasses
import io
import os
import shutil
import string
import sys
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console

from tester.reports import files as files_module
from tester.reports import (
    print_grades,
    write_files,
    write_submission_files,
)
from tester.reports.files import remove_reports, submission_folder, write_atomically
from tester.reports.grades_csv import grades_csv
from tester.reports.junit import junit_xml
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
from tester.versions import PYTHON

OF_THE_CLASS = {"results.json", "grades.csv", "junit.xml", "class.html"}
OF_A_SUBMISSION = {"report.html", "report.md", "gradescope.json", "classroom.json"}


# Files.


def names_in(directory):
    return {path.name for path in directory.iterdir()}


def test_the_class_and_each_submission_have_their_files(tmp_path, made_up):
    write_files(tmp_path / "new", [made_up.mixed(), made_up.mixed("bob")])
    assert names_in(tmp_path / "new") == OF_THE_CLASS | {"submissions"}
    write_submission_files(tmp_path / "new", made_up.mixed("bob"))
    assert names_in(tmp_path / "new/submissions") == {"bob"}
    assert names_in(tmp_path / "new/submissions/bob") == OF_A_SUBMISSION


def test_the_files_of_a_sole_submission_are_kept_up_to_date(tmp_path, made_up):
    write_files(tmp_path, [made_up.mixed()])
    assert names_in(tmp_path / "submissions/alice") == OF_A_SUBMISSION


def test_files_can_be_written_before_anything_is_graded(tmp_path):
    write_files(tmp_path, [])
    assert names_in(tmp_path) == OF_THE_CLASS | {"submissions"}
    assert b"No run failed" in (tmp_path / "class.html").read_bytes()


def test_a_file_is_the_old_one_until_the_new_one_is_whole(tmp_path, monkeypatch):
    file = tmp_path / "results.json"
    write_atomically(file, b"old")
    seen = []

    def replace(source, target):
        seen.append((target.read_bytes(), source.read_bytes()))
        raise OSError("the machine stops here")

    monkeypatch.setattr(files_module.os, "replace", replace)
    with pytest.raises(OSError, match="stops here"):
        write_atomically(file, b"new")
    assert seen == [(b"old", b"new")]
    assert file.read_bytes() == b"old"
    monkeypatch.undo()
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new"
    assert names_in(tmp_path) == {"results.json"}


def test_only_reports_of_the_grading_before_are_removed(tmp_path, made_up):
    names = ["alice", "Bob", "carol", "dave", "eve"]
    grades = [made_up.mixed(name) for name in names]
    write_files(tmp_path, grades[:-1])
    for grade in grades:
        write_submission_files(tmp_path, grade)
    folders = {name: tmp_path / submission_folder(name) for name in names}
    (folders["alice"] / ".report.md.new").write_text("half of a rep")
    (folders["carol"] / "notes.txt").write_text("of her teacher")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "report.md").write_text("of another course")
    shutil.rmtree(folders["dave"])
    folders["dave"].symlink_to(tmp_path / "elsewhere")
    (tmp_path / "submissions" / "frank").mkdir()
    (tmp_path / "submissions" / "frank" / "report.md").write_text("of his own")
    # The last one is known from the journal only.
    assert remove_reports(tmp_path, ["eve"], ["alice"]) == [str(folders["carol"])]
    left = {folders["carol"].name, "dave", "frank"}
    assert names_in(tmp_path / "submissions") == left
    assert names_in(folders["carol"]) == OF_A_SUBMISSION | {"notes.txt"}
    assert names_in(tmp_path / "elsewhere") == {"report.md"}
    assert remove_reports(tmp_path, [], ["carol"]) == []
    (tmp_path / "results.json").write_bytes(b"torn")
    assert remove_reports(tmp_path, [], []) == []


@pytest.mark.parametrize("name", ["alice", "a", "smith_12.raft-2", "x" * 60])
def test_a_plain_name_is_its_folder(name):
    assert submission_folder(name) == f"submissions/{name}"


ODD_NAMES = [
    "Alice", "ALICE", "a/b", "a\\b", ".", "..", ".hidden", "-rf", "con", "nul.txt",
    "a.", "x" * 61, "x" * 62, "ä", "\udcff", *[submission_folder("Alice")[12:]],
]  # fmt: skip


def test_odd_names_get_safe_folders_of_their_own(made_up):
    names = [*made_up.NAMES, *ODD_NAMES, "alice"]
    folders = [submission_folder(name) for name in names]
    allowed = set(string.ascii_lowercase + string.digits + "._-")
    for folder in folders:
        parent, _, name = folder.partition("/")
        assert parent == "submissions"
        assert set(name) <= allowed, name
        assert 0 < len(name) < 80
        assert name[0] not in ".-"
        assert name[-1] != "."
    # Nor would they share one where case does not count.
    assert len({folder.lower() for folder in folders}) == len(folders)


def test_hostile_names_write_to_their_folders_only(tmp_path, made_up):
    out = tmp_path / "a" / "out"
    for grade in made_up.hostile():
        write_submission_files(out, grade)
    assert names_in(tmp_path) == {"a"}
    assert names_in(tmp_path / "a") == {"out"}
    assert len(os.listdir(out / "submissions")) == len(made_up.hostile())


# results.json, grades.csv, junit.xml.


def test_results_say_all_there_is(made_up):
    grades = [made_up.mixed(), made_up.mixed("bob")]
    results = msgspec.json.decode(results_json(grades), type=Results)
    assert results.version == RESULTS_VERSION
    assert results.python == "Python " + ".".join(map(str, sys.version_info[:3]))
    assert results.runs == [run for grade in grades for run in grade.runs]
    (alice, bob) = results.submissions
    assert (alice.submission, bob.submission) == ("alice", "bob")
    assert (alice.points, alice.points_max, alice.percent) == (6, 20, 30)
    parts = [(part.part, part.points, part.points_max) for part in alice.parts]
    assert parts == [("2A", 6, 20), ("2B", 0, 0)]
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
    assert [entry.percent for entry in results.submissions] == [None, None, 30]
    eve, xena, alice = csv.DictReader(
        io.StringIO(grades_csv(grades).decode("utf-8-sig"))
    )
    assert [row["percent"] for row in (eve, xena, alice)] == ["", "", "30.0"]
    assert (xena["points"], xena["points_max"]) == ("20", "0")
    assert eve["first_reason"] == "no verdict: the machine fell over"
    assert xena["first_reason"] == ""
    assert alice["first_reason"] == "term 1 has 2 leaders"
    out = io.StringIO()
    print_grades(Console(file=out, width=160), grades)
    assert "xena: 20 extra points" in out.getvalue()
    (row,) = [line for line in out.getvalue().splitlines() if "│ eve" in line]
    assert "0 of 0" in row
    assert "%" not in row


def test_every_field_is_documented(project):
    documented = (project / "docs/results.md").read_text()
    for struct in (Results, SubmissionResult, PartResult, TestResult, Run):
        for field in struct.__struct_fields__:
            assert f"`{field}`" in documented, field
    header = grades_csv([]).decode("utf-8-sig").strip().split(",")
    for column in header:
        assert f"`{column}`" in documented, column


def test_hostile_results_can_be_read(made_up):
    results = msgspec.json.decode(results_json(made_up.hostile()), type=Results)
    assert len(results.submissions) == len(made_up.hostile())
    assert results.submissions[0].submission == made_up.NAMES[0]


def test_hostile_rows_stay_rows_and_harmless(made_up):
    rows = list(
        csv.reader(
            io.StringIO(grades_csv(made_up.hostile()).decode("utf-8-sig"), newline="")
        )
    )
    assert len(rows) == 1 + len(made_up.hostile())
    assert {len(row) for row in rows} == {len(rows[0])}
    for row in rows[1:]:
        for cell in row:
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")
            assert "\n" not in cell
            assert len(cell) < 1_010


def test_junit_tells_failures_from_errors(made_up):
    suites = ElementTree.fromstring(junit_xml([made_up.mixed(), made_up.mixed("bob")]))
    assert [suite.get("name") for suite in suites] == ["alice", "bob"]
    suite = suites[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "time")}
    assert counts == {"tests": "4", "failures": "2", "errors": "1", "time": "1.750"}
    told = [(case.get("name"), [child.tag for child in case]) for case in suite]
    assert told == [
        ("test_initial_election", []),
        ("test_re_election", ["failure"]),
        ("test_many_elections", ["failure"]),
        ("test_basic_agreement", ["error"]),
    ]
    failure = suite.find("testcase/failure")
    assert failure.get("message") == "term 1 has 2 leaders"
    assert failure.get("type") == "two-leaders"
    assert "1 of 2 seeds passed; this is seed 1" in failure.text
    assert "server 0: leader" in failure.text
    assert "replay: pytest " in failure.text


def test_hostile_junit_is_xml_of_bounded_size(made_up):
    content = junit_xml(made_up.hostile())
    suites = ElementTree.fromstring(content)
    assert [suite.get("name") for suite in suites][:2] == [
        made_up.NAMES[0],
        made_up.NAMES[0] + "2",
    ]
    assert len(content) < 5_000 * 2 * len(made_up.hostile())


# The terminal.


def test_the_terminal_is_not_the_students_to_command(made_up):
    out = io.StringIO()
    console = Console(file=out, width=160)
    print_grades(console, made_up.hostile())
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert out.getvalue().encode()
    assert "<script>alert(1)</script>" in out.getvalue()


def test_no_line_of_the_terminal_begins_with_a_submissions_words(made_up):
    """Neither a command of a CI job nor what looks like a line of the lab's."""
    forged = "\n".join(
        ["x " * 100 + "::error::wrapped", "::add-mask::1", "bob: 100 of 100 points"]
    )
    name = "y " * 60 + "::error::name"
    run = made_up.a_run(reason=forged, evidence=forged, replay=f"pytest '{forged}'")
    shown = []
    for load_error in ("", forged):
        grade = made_up.a_grade(run, name=name, load_error=load_error)
        out = io.StringIO()
        console = Console(file=out, width=80)
        print_grades(console, [grade])
        shown += out.getvalue().splitlines()
    assert len(shown) > 20
    for line in shown:
        assert not line.lstrip().startswith("::")
        assert line[:1] in " │┃┏└┡┳━" or line.startswith(
            (
                "y y ",
                "replay commands",
                "breaks safety: ",
                "pytest '",
                "all submissions",
            )
        ), line


def test_the_terminals_table_shows_points_and_replays(made_up):
    out = io.StringIO()
    broken = made_up.a_grade(made_up.a_run(), load_error="invalid syntax")
    print_grades(Console(file=out, width=160), [made_up.mixed(), broken])
    assert f"0 of 6 points: invalid syntax ({PYTHON})" in out.getvalue()
    text = out.getvalue()
    assert "alice: 6 of 20 points" in text
    assert "unknown: term 0 has 2 leaders" in text
    assert "--seed 1 --submission /home/prof/subs/alice" in text


def unloaded(made_up, name, error="no class Raft, line 3", evidence="in raft.py"):
    run = made_up.a_run(reason=error, evidence=evidence, code="no-raft-class")
    return made_up.a_grade(run, name=name, path=f"/subs/{name}", load_error=error)


def test_equal_load_errors_are_printed_once(made_up):
    out = io.StringIO()
    grades = [unloaded(made_up, f"s{n}") for n in range(8)]
    grades.append(unloaded(made_up, "eve", "no class Raft in /subs/eve/raft.py"))
    print_grades(Console(file=out, width=160), grades)
    text = out.getvalue()
    assert "s0, s1, s2, s3, s4 and 3 more: 0 of 6 points: no class Raft, line 3" in text
    assert "eve: 0 of 6 points: no class Raft in raft.py" in text
    assert text.count("in raft.py") == 3


def test_a_load_error_is_stored_once(made_up):
    grades = [unloaded(made_up, "eve"), made_up.mixed()]
    results = msgspec.json.decode(results_json(grades), type=Results)
    eve, alice = results.submissions
    assert (eve.load_error, eve.load_code) == ("no class Raft, line 3", "no-raft-class")
    assert eve.load_evidence == "in raft.py"
    assert (alice.load_error, alice.load_code, alice.load_evidence) == ("", "", "")
    assert {run.submission for run in results.runs} == {"alice"}
    assert eve.tests[0].runs == 1


def test_junit_has_a_load_error_once(made_up):
    grade = unloaded(made_up, "eve")
    more = made_up.a_grade(made_up.a_run("test_re_election"), name="eve")
    both = dataclasses.replace(grade, tests=[*grade.tests, *more.tests])
    root = ElementTree.fromstring(junit_xml([both]))
    first, second = root.iter("failure")
    assert (first.get("message"), first.get("type")) == (
        "no class Raft, line 3", "no-raft-class"
    )  # fmt: skip
    assert "in raft.py" in first.text
    assert second.get("message") == "not run: the submission does not load"
    assert not second.text
    assert root.find("testsuite").get("failures") == "2"


def test_a_spreadsheet_knows_the_encoding_and_no_path_but_the_column(made_up):
    content = grades_csv([unloaded(made_up, "Zoë", "cannot read /subs/Zoë/raft.py")])
    assert content.startswith(codecs.BOM_UTF8)
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert (row["submission"], row["path"]) == ("Zoë", "/subs/Zoë")
    assert row["first_reason"] == "cannot read raft.py"


def test_every_kind_of_verdict_is_among_the_made_up_ones(made_up):
    assert {run.verdict for run in made_up.mixed().runs} == set(Verdict)
