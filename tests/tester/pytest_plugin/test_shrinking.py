"""`--shrink`: what a failure says of the fewest choices that fail in the same way."""

from dataclasses import replace

import pytest

from labrpc.errors import LabError
from tester.judging.run import run_test, this_process
from tester.judging.run_conditions import RunConditions
from tester.pytest_plugin import shrinking
from tester.pytest_plugin.shrinking import note_minimal_list

DEAF = "def take(self, entry): print('ignored')"


@pytest.fixture
def shrunk(dictator, graded_tests, tmp_path):
    """Return a function that shrinks a failing run, and gives its evidence."""
    failing = RunConditions(dictator(DEAF), graded_tests["test_basic_agreement"], 0)

    def shrink(file="kept.txt", **changes):
        run = run_test(failing)
        assert run.code == "no-agreement"
        conditions = replace(failing, test=replace(failing.test, **changes))
        host = this_process(conditions)
        note_minimal_list(run, conditions, host, tmp_path / file, tmp_path)
        return run.evidence

    return shrink


def test_the_list_is_kept_and_printed_with_its_replay(shrunk, tmp_path, dictator):
    found = shrunk()
    assert "the fewest choices that fail in the same way: 1, of " in found
    assert "\n  recover\n  no-agreement: " in found
    replay = f"pytest --replay kept.txt --submission {dictator(DEAF).path}"
    assert f"replay, with a picture: {replay}" in found
    assert "recover" in (tmp_path / "kept.txt").read_text().splitlines()


def test_a_long_list_is_in_its_file_only(shrunk, tmp_path, monkeypatch):
    monkeypatch.setattr(shrinking, "LINES_MAX", 0)
    assert "\n  recover" not in shrunk()
    assert "recover" in (tmp_path / "kept.txt").read_text()


def test_a_list_that_cannot_be_kept_is_printed(shrunk, tmp_path):
    (tmp_path / "file").write_text("in the way")
    found = shrunk("file/kept.txt")
    assert "\n  recover" in found
    assert "the list could not be kept: " in found
    assert "replay, with a picture" not in found


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"search_states": 5}, "it is a list of choices already"),
        ({"service": "rsm"}, "part 3A has no clients"),
    ],
)
def test_what_no_choices_express_says_why(shrunk, tmp_path, changes, why):
    found = shrunk(**changes)
    assert f"no list of choices fails in the same way: {why}" in found
    assert found.endswith("the seed still repeats the run")
    assert not (tmp_path / "kept.txt").exists()


def test_a_run_that_ends_differently_is_not_shrunk(shrunk, monkeypatch):
    def ends_otherwise(conditions, host, recording):
        run = run_test(conditions, host, recording)
        run.code, run.reason = "no-leader", "no leader after 5 s"
        return run

    monkeypatch.setattr(shrinking, "run_test", ends_otherwise)
    assert "repeated, the run ends differently: no leader after 5 s" in shrunk()


def test_an_error_of_the_labs_own_is_named(shrunk, monkeypatch):
    def breaks(*_):
        raise LabError("oh\nno")

    monkeypatch.setattr(shrinking, "minimal_list", breaks)
    assert "no list of choices fails in the same way: oh" in shrunk()
