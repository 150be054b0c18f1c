"""Finding the folder that matters: the class's, the student's, the Raft's."""

import pytest

from tester.intake.find import find_submissions

RAFT = "class Raft: pass\n"


MOODLE = {
    "Jane Doe_101_assignsubmission_file_/raft.py": RAFT,
    "Bo Ek_102_assignsubmission_file_/raft.py": RAFT,
}


@pytest.mark.parametrize("folder", ["", "export/", "a/b/"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_export_is_found_in_folders_that_hold_nothing_else(
    tmp_path, find, folder, packed, write, zipped
):
    files = {f"{folder}class.zip": zipped(tmp_path, MOODLE)} if packed else {
        f"{folder}{name}": text for name, text in MOODLE.items()
    }  # fmt: skip
    top = write(tmp_path / "download", files | {"__MACOSX/x": ""})
    write(top / "grades", {"results.json": "{}"})
    assert list(find(top).submissions) == ["Bo Ek", "Jane Doe"]


def test_the_results_of_this_grading_are_not_beside_the_export(tmp_path, write):
    top = write(tmp_path / "download", {f"x/{n}": t for n, t in MOODLE.items()})
    (top / "grades" / "unpacked").mkdir(parents=True)
    intake = find_submissions([str(top)], top / "grades" / "unpacked")
    assert list(intake.submissions) == ["Bo Ek", "Jane Doe"]


def test_a_class_is_found_in_a_folder_that_holds_nothing_else(
    tmp_path, find, write, zipped
):
    everybody = {"all/alice/raft/raft.py": RAFT, "all/bob/raft.py": RAFT}
    assert list(find(write(tmp_path / "1", everybody)).submissions) == ["alice", "bob"]
    # A class of one is no such folder, whatever that one has handed in.
    for number, name in enumerate(["raft.py", "src/raft.py", "hand-in.zip"], start=2):
        data = zipped(tmp_path, {"raft.py": RAFT})
        path = write(tmp_path / str(number), {f"alice/{name}": data})
        assert list(find(path).submissions) == ["alice"]
