"""Grading starts fewer processes where there is less memory, or refuses."""

import pytest

import grade
from tester.cli import capacity

ONE_TEST = ["--tests", "test_initial_election", "--isolation", "none"]


@pytest.fixture
def graded(dictator, tmp_path, capsys, monkeypatch):
    """Return a function that grades with so much free memory: status and words."""

    def run(free):
        monkeypatch.setattr(capacity, "free_bytes", lambda: free)
        out = ["--out", str(tmp_path / "out")]
        status = grade.main([str(dictator().path), *ONE_TEST, "--jobs", "3", *out])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


@pytest.mark.slow
def test_fewer_processes_start(graded):
    status, said = graded(2 * capacity.BYTES_PER_RUN)
    assert status == 0
    assert "memory: a run may take 544 MB, its judge included: 2 at a time" in said


def test_grading_refuses_where_no_run_has_its_memory(graded, tmp_path):
    status, said = graded(capacity.BYTES_PER_RUN - 1)
    assert status == 2
    assert "its judge included, and 543 MB are free: give the machine" in said
    assert (tmp_path / "out/journal.jsonl").read_text() == ""


@pytest.mark.slow
@pytest.mark.parametrize("free", [None, 1 << 40])
def test_enough_memory_is_not_mentioned(graded, free):
    status, said = graded(free)
    assert status == 0
    assert "memory:" not in said
