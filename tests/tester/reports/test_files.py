"""The files of a grading, each whole at every moment, and where they lie."""

import os
import shutil
import string

import pytest

from tester.reports import files as files_module
from tester.reports import (
    write_files,
    write_submission_files,
)
from tester.reports.files import remove_reports, submission_folder, write_atomically

OF_THE_CLASS = {"results.json", "grades.csv", "junit.xml", "class.html"}


OF_A_SUBMISSION = {"report.html", "report.md", "gradescope.json", "classroom.json"}


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


def test_pictures_are_removed_with_the_reports_they_belong_to(tmp_path, made_up):
    write_files(tmp_path, [made_up.mixed()])
    folder = tmp_path / "submissions/alice"
    for name in ("test_x-seed3.html", ".test_x-seed3.html.new"):
        (folder / name).write_text("")
    assert remove_reports(tmp_path, ["alice"], []) == []
    assert not folder.exists()


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


@pytest.mark.slow
def test_hostile_names_write_to_their_folders_only(tmp_path, made_up):
    out = tmp_path / "a" / "out"
    for grade in made_up.hostile():
        write_submission_files(out, grade)
    assert names_in(tmp_path) == {"a"}
    assert names_in(tmp_path / "a") == {"out"}
    assert len(os.listdir(out / "submissions")) == len(made_up.hostile())
