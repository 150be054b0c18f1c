"""A class's folder: which hand-ins lie side by side in it."""

import shutil

RAFT = "class Raft: pass\n"


def test_a_student_whose_folder_is_an_environment_is_one_all_the_same(
    tmp_path, find, write, submission_at, installed_in
):
    submission_at(tmp_path / "class" / "alice")
    write(tmp_path / "class" / "bob", {"raft.py": RAFT, **installed_in(".")})
    write(tmp_path / "class" / "eve", {"src/raft.py": RAFT, **installed_in(".")})
    submission_at(tmp_path / "class" / "test")
    found = find(tmp_path / "class").submissions
    assert list(found) == ["alice", "bob", "eve", "test"]


def test_an_empty_folder_is_a_student_who_handed_in_nothing(
    tmp_path, find, submission_at, reasons
):
    folder = tmp_path / "export"
    submission_at(folder / "Jane Doe_101_assignsubmission_file_")
    (folder / "Bo Ek_102_assignsubmission_file_").mkdir()
    archive = shutil.make_archive(str(tmp_path / "class"), "zip", folder)
    for given in (folder, archive):
        intake = find(given)
        assert list(intake.submissions) == ["Bo Ek", "Jane Doe"]
        assert reasons(intake) == {"Bo Ek": "nothing was handed in"}
