"""grades.csv: rows that a spreadsheet reads as they are meant."""

import codecs
import csv
import io

import msgspec

from tester.reports.grades_csv import grades_csv
from tester.reports.results import Results, results_json


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


def test_a_spreadsheet_knows_the_encoding_and_no_path_but_the_column(made_up):
    content = grades_csv([made_up.unloaded("Zoë", "cannot read /subs/Zoë/raft.py")])
    assert content.startswith(codecs.BOM_UTF8)
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert (row["submission"], row["path"]) == ("Zoë", "/subs/Zoë")
    assert row["first_reason"] == "cannot read raft.py"


def rows(grades):
    return list(csv.DictReader(io.StringIO(grades_csv(grades).decode("utf-8-sig"))))


def test_spreadsheet_formulas_are_defused(made_up):
    evil = "=HYPERLINK(0)"
    run = made_up.a_run(reason="@SUM(1+1)")
    grades = [made_up.a_grade(run, name=evil, path="-1+2")]
    (row,) = rows(grades)
    assert row["submission"] == "'" + evil
    assert row["first_reason"] == "'@SUM(1+1)"
    assert row["path"] == "'-1+2"
    # results.json is no spreadsheet, and has what is.
    results = msgspec.json.decode(results_json(grades), type=Results)
    assert results.runs[0].submission == evil


def test_a_row_says_how_much_is_unknown(made_up):
    grade = made_up.a_grade(
        *[made_up.a_run("a", verdict) for verdict in (made_up.PASSED, made_up.UNKNOWN)],
        *[made_up.a_run("b", made_up.UNKNOWN, seed) for seed in (0, 1)],
    )
    (row,) = rows([grade])
    assert (row["points"], row["points_at_most"], row["points_max"]) == (
        "0",
        "12",
        "12",
    )
    assert row["percent"] == "0.0"
    assert (row["tests_passed"], row["tests"], row["unknown_runs"]) == ("0", "2", "3")
    assert row["first_reason"] == "no verdict: term 0 has 2 leaders"
