"""What a session reports at its end."""

from dataclasses import replace

from labrpc.submission.submission import Submission
from tester.judging.run_hosting import RunHosting
from tester.pytest_plugin.failure_store import FailureStore
from tester.pytest_plugin.session_report import SessionReport, junit_properties
from tester.verdict import Verdict

from .conftest import a_run


def report_of(options, *runs):
    store = FailureStore(options.directory / "kept", options.submission)
    report = SessionReport(options, store)
    report.add(list(runs))
    return report, store


def test_nothing_is_reported_of_no_run(options, tmp_path):
    report, _ = report_of(replace(options, summary=tmp_path / "summary.md"))
    assert report.is_empty
    report.write_summary()
    assert not (tmp_path / "summary.md").exists()


def test_digests_are_sorted_by_test_and_seed(options):
    runs = [a_run(seed, Verdict.PASSED, digest=d) for seed, d in ((2, "aa"), (1, "bb"))]
    report, _ = report_of(options, *runs)
    *digests, total = report.lines()
    assert digests == ["bb  test_x seed 1", "aa  test_x seed 2"]
    assert total.startswith("2 of 2 runs passed")


def test_rates_are_shown_of_many_seeds_only(options):
    runs = [a_run(0), a_run(1, Verdict.PASSED)]
    one, _ = report_of(options, *runs)
    assert not [line for line in one.lines() if "95 % interval" in line]
    many, _ = report_of(replace(options, seed_count=2), *runs)
    assert [line for line in many.lines() if "95 % interval" in line]


def test_failures_are_kept_and_those_that_are_fixed_reported(options):
    _, store = report_of(options, a_run(17))
    assert store.kept("test_x") == [17]
    again, _ = report_of(options, a_run(17, Verdict.PASSED))
    assert "passed this time though the submission has not changed: test_x seed 17" in (
        "\n".join(again.lines())
    )


def test_real_time_keeps_no_failures(options):
    real = replace(options, hosting=RunHosting(real_time=True))
    _, store = report_of(real, a_run(17))
    assert store.kept("test_x") == []


def test_tests_for_which_there_was_no_time_are_counted(options):
    report, _ = report_of(options, a_run(0, Verdict.PASSED))
    report.add_without_turn("test_2a.py::test_x")
    report.add_without_turn("test_2a.py::test_y")
    assert "1 of the tests did not run before the time was up" in "\n".join(
        report.lines()
    )


def test_the_summary_is_appended(options, tmp_path):
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    report, _ = report_of(replace(options, summary=file), a_run(0))
    report.write_summary()
    assert file.read_text().startswith("before\n### Raft lab: ")


def test_the_summary_names_a_folder_that_is_not_utf_8(options, tmp_path):
    folder = tmp_path / "st\udcff"
    folder.mkdir()
    (folder / "raft.py").write_text("class Raft: pass\n")
    file = tmp_path / "summary.md"
    theirs = replace(options, submission=Submission.find(folder), summary=file)
    report, _ = report_of(theirs, a_run(0, Verdict.PASSED))
    assert report.write_summary() == ""
    assert "st\\udcff" in file.read_text()


def test_junit_has_what_failed_or_the_first_run():
    runs = [a_run(0, Verdict.PASSED), a_run(1), a_run(2)]
    seeds = [value for name, value in junit_properties(runs) if name == "seed"]
    assert seeds == ["1", "2"]
    assert ("seed", "0") in junit_properties(runs[:1])


def test_what_cannot_be_written_is_reported_beside_what_failed(options, tmp_path):
    (tmp_path / "kept").write_text("in the way")
    nowhere = tmp_path / "kept/summary.md"
    traces = tmp_path / "kept/traces"
    given = replace(options, summary=nowhere, traces=traces)
    report, store = report_of(given, a_run(3))
    problem, total = report.lines()
    assert problem == store.problem
    assert total.startswith("0 of 1 runs passed")
    assert report.write_summary() == (
        f"--lab-summary: {nowhere} cannot be written: Not a directory"
    )


def test_situations_are_reported_if_asked_for(options):
    run = a_run(3, Verdict.PASSED, situations=["two-leaders"])
    plain, _ = report_of(options, run)
    assert "two-leaders" not in "\n".join(plain.lines())
    report, _ = report_of(replace(options, situations=True), run)
    headline, *rows = [
        line for line in report.lines() if "ituation" in line or "two-" in line
    ]
    assert "the runs met 1 of" in headline
    assert rows[-1].startswith("  two-leaders: ")
    assert rows[-1].endswith("(test_x at seed 3)")
