"""Recording a run to a file, as long as there is room for it."""

import errno
import os

import pytest

from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions


@pytest.fixture
def conditions(dictator, graded_tests):
    return RunConditions(dictator(), graded_tests["test_initial_election"], 0)


def recorded(conditions, directory):
    return run_test(conditions, recording=Recording(traces=directory))


def test_a_folder_that_cannot_be_written_changes_no_verdict(conditions, tmp_path):
    expected = recorded(conditions, tmp_path / "traces")
    (tmp_path / "file").write_text("in the way")
    run = recorded(conditions, tmp_path / "file/traces")
    assert (run.verdict, run.digest) == (expected.verdict, expected.digest)
    (warning,) = run.warnings
    assert warning.code == "trace-not-written"
    assert warning.text == (
        f"traces cannot be written to {tmp_path / 'file/traces'}: Not a directory"
    )


def test_a_disk_that_gets_full_changes_no_verdict(conditions, tmp_path, monkeypatch):
    expected = recorded(conditions, tmp_path / "whole")
    room = 800

    def write(fd, data):
        nonlocal room
        room -= len(data)
        if room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data)

    real = os.write
    monkeypatch.setattr("tester.jsonl.os.write", write)
    run = recorded(conditions, tmp_path / "torn")
    assert (run.verdict, run.digest) == (expected.verdict, expected.digest)
    assert "No space left on device" in run.warnings[0].text
    whole, torn = (
        next((tmp_path / name).iterdir()).read_bytes() for name in ("whole", "torn")
    )
    assert 0 < len(torn) <= 800
    assert torn.splitlines()[1:] == whole.splitlines()[1 : len(torn.splitlines())]
