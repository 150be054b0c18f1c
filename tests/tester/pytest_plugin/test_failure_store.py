"""The store of failing seeds: what is kept, tried again, and dropped when it is fixed."""

import errno
import json
import shutil
from pathlib import Path

from labrpc.submission.submission import Submission
from tester.pytest_plugin.failure_store import (
    DIRECTORY,
    KEPT_PER_TEST_MAX,
    FailureStore,
    format_failures,
)
from tester.verdict import Verdict

from .conftest import a_run


def changed(submission):
    file = submission.path / "raft.py"
    file.write_text(file.read_text() + "\n# changed\n")
    return Submission.find(submission.path)


def test_a_failure_is_kept_and_found_again(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(17))
    store = FailureStore(directory, submission)
    assert store.kept("test_x") == [17]
    assert store.kept("test_y") == []
    (file,) = directory.iterdir()
    kept = json.loads(file.read_text())
    assert kept["reason"] == "broken"
    assert kept["digest"] == submission.digest


def test_what_was_kept_elsewhere_is_found_in_another_checkout(tmp_path):
    for checkout in ("ci", "home"):
        (tmp_path / checkout).mkdir()
        (tmp_path / checkout / "raft.py").write_text("class Raft: pass\n")
    there, here = (Submission.find(tmp_path / name) for name in ("ci", "home"))
    FailureStore(there.path / DIRECTORY, there).note(a_run(17))
    shutil.copytree(there.path / ".lab", here.path / ".lab")
    assert FailureStore(here.path / DIRECTORY, here).kept("test_x") == [17]
    assert FailureStore(here.path / DIRECTORY, there).kept("test_x") == []


def test_failures_are_kept_in_a_folder_whose_name_is_not_utf_8(tmp_path):
    """In a POSIX locale, such is every name with an umlaut."""
    folder = tmp_path / "st\udcff"
    folder.mkdir()
    (folder / "raft.py").write_text("class Raft: pass\n")
    here = Submission.find(folder)
    run = a_run(17)
    run.submission = here.name
    FailureStore(here.path / DIRECTORY, here).note(run)
    assert FailureStore(here.path / DIRECTORY, here).kept("test_x") == [17]


def test_a_kept_seed_that_passes_twice_after_a_change_is_fixed(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(17))
    repaired = changed(submission)
    for passes in (1, 2):
        store = FailureStore(directory, repaired)
        store.note(a_run(17, Verdict.PASSED))
        assert bool(store.fixed) == (passes == 2)
        assert store.kept("test_x") == ([17] if passes == 1 else [])


def test_two_passes_in_one_session_are_one(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(17))
    store = FailureStore(directory, changed(submission))
    for _ in range(3):
        store.note(a_run(17, Verdict.PASSED))
    assert store.fixed == []
    assert store.kept("test_x") == [17]


def test_seeds_that_are_fixed_are_told_together(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(3, reason="no leader"))
    for seed in (17, 18):
        FailureStore(directory, submission).note(a_run(seed, reason=f"{seed} lost"))
    repaired = changed(submission)
    for _ in range(2):
        store = FailureStore(directory, repaired)
        for seed in (3, 17, 18):
            store.note(a_run(seed, Verdict.PASSED))
    assert format_failures(store.fixed) == [
        "test_x seed 3: no leader",
        "test_x seeds 17, 18: 17 lost",
    ]


def test_a_failure_between_two_passes_starts_the_count_again(submission, tmp_path):
    directory = tmp_path / "kept"
    store = FailureStore(directory, submission)
    store.note(a_run(17))
    repaired = FailureStore(directory, changed(submission))
    repaired.note(a_run(17, Verdict.PASSED))
    repaired.note(a_run(17))
    again = FailureStore(directory, changed(submission))
    again.note(a_run(17, Verdict.PASSED))
    assert again.kept("test_x") == [17]


def test_a_kept_seed_that_passes_without_a_change_is_puzzling(submission, tmp_path):
    store = FailureStore(tmp_path / "kept", submission)
    store.note(a_run(17))
    store.note(a_run(17, Verdict.PASSED))
    assert store.puzzling
    assert store.kept("test_x") == [17]


def test_only_so_many_failures_of_one_test_are_kept(submission, tmp_path):
    store = FailureStore(tmp_path / "kept", submission)
    for seed in range(3 * KEPT_PER_TEST_MAX):
        store.note(a_run(seed))
    assert store.kept("test_x") == list(range(KEPT_PER_TEST_MAX))


def test_failures_of_another_submission_and_damaged_files_are_passed_over(
    submission, tmp_path
):
    directory = tmp_path / "kept"
    store = FailureStore(directory, submission)
    store.note(a_run(17))
    (file,) = directory.iterdir()
    elsewhere = json.loads(file.read_text()) | {"path": "/elsewhere", "seed": 18}
    (directory / file.name.replace("17", "18")).write_text(json.dumps(elsewhere))
    (directory / file.name.replace("17", "19")).write_text("{ damaged")
    assert store.kept("test_x") == [17]


def test_failures_with_preemption_are_kept_apart(submission, tmp_path):
    FailureStore(tmp_path / "kept", submission, preempt=True).note(a_run(17))
    FailureStore(tmp_path / "kept", submission).note(a_run(18))
    kept = {
        preempt: FailureStore(tmp_path / "kept", submission, preempt).kept("test_x")
        for preempt in (True, False)
    }
    assert kept == {True: [17], False: [18]}


def test_a_folder_that_cannot_be_written_is_a_problem_and_no_error(
    submission, tmp_path
):
    (tmp_path / ".lab").write_text("in the way")
    store = FailureStore(tmp_path / DIRECTORY, submission)
    assert store.all_kept() == {}
    store.note(a_run(17))
    store.note(a_run(18, Verdict.PASSED))
    assert store.problem == (
        f"seeds that fail cannot be kept in {tmp_path / DIRECTORY}: Not a directory: "
        "the next session will not try them first"
    )


def test_a_full_disk_leaves_no_half_of_a_failure(submission, tmp_path, monkeypatch):
    def write(self, data):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    store = FailureStore(tmp_path / "kept", submission)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write)
        store.note(a_run(17))
    assert "No space left on device" in store.problem
    assert list((tmp_path / "kept").iterdir()) == []
