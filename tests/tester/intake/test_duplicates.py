"""Submissions that are the same, file by file."""

import pytest

from tester.intake.duplicates import as_run_of_duplicate, find_duplicates, fingerprint
from tester.verdict import Run, Verdict

RAFT = "class Raft: pass\n"


@pytest.fixture
def same(tmp_path, write):
    """Return a function that says whether two folders have one fingerprint."""
    count = 0

    def same_(*folders):
        nonlocal count
        found = []
        for files in folders:
            count += 1
            found.append(fingerprint(write(tmp_path / f"student {count}", files)))
        assert all(found)
        return len(set(found)) == 1

    return same_


def test_the_same_files_are_the_same_wherever_they_lie(same):
    files = {"raft/__init__.py": RAFT, "raft/table.json": "{}"}
    assert same(files, files)


@pytest.mark.parametrize(
    "other",
    [
        {"raft/__init__.py": RAFT + "\n", "raft/table.json": "{}"},
        {"raft/__init__.py": RAFT, "raft/table.json": "[]"},
        {"raft/__init__.py": RAFT},
        {"raft/__init__.py": RAFT, "raft/table.json": "{}", "log.py": ""},
        {"raft.py": RAFT, "raft/table.json": "{}"},
    ],
)
def test_whatever_a_run_may_depend_on_counts(same, other):
    assert not same({"raft/__init__.py": RAFT, "raft/table.json": "{}"}, other)


def test_services_without_a_raft_of_their_own_are_compared(same):
    files = {
        "rsm/__init__.py": "class RSM: pass\n",
        "kv/__init__.py": "class KV: pass\n",
    }
    assert same(files, files)
    assert not same(files, files | {"kv/__init__.py": "class KV: x = 1\n"})


def test_what_python_compiled_does_not_count(same):
    files = {"raft.py": RAFT}
    assert same(files, files | {"__pycache__/raft.cpython-312.pyc": "bytes"})


def test_what_is_no_submission_has_no_fingerprint(tmp_path):
    assert fingerprint(tmp_path) == ""
    assert fingerprint(tmp_path / "nowhere") == ""


def test_what_is_too_large_to_be_looked_at_has_no_fingerprint(
    tmp_path, write, monkeypatch
):
    write(tmp_path / "x", {"raft.py": RAFT, "data": "12345678"})
    assert fingerprint(tmp_path / "x")
    bounds = type("Small", (), {"files": 10, "bytes": 7})
    monkeypatch.setattr("tester.intake.duplicates.ONE_SUBMISSION", bounds)
    assert fingerprint(tmp_path / "x") == ""


def test_the_first_of_the_same_submissions_is_the_original():
    submissions = dict.fromkeys(["a", "b", "c", "d", "e"])
    prints = {"a": "1", "b": "2", "c": "1", "d": "", "e": ""}
    assert find_duplicates(submissions, prints) == {"c": "a"}


def test_a_duplicates_run_is_replayed_at_its_own_path(tmp_path):
    original, path = tmp_path / "a b", tmp_path / "c"
    run = Run(
        submission="a b",
        part="2A",
        test="test_x",
        seed=1,
        points=1,
        verdict=Verdict.PASSED,
        replay=f'pytest --submission "{original}"',
    )
    copy = as_run_of_duplicate(run, "c", original, path)
    assert (copy.submission, copy.replay) == ("c", f"pytest --submission {path}")
