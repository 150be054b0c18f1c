"""Finding the folder that matters: the class's, the student's, the Raft's."""

import pytest

from tester.errors import UsageError
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


# One folder too high.

CLASS = {"ann/raft.py": RAFT, "bo/raft.py": RAFT}


def test_a_table_beside_the_class_hides_it_from_nobody(tmp_path, find, write):
    files = {"Lab 2/ann/raft.py": RAFT, "Lab 2/bo/raft.py": RAFT}
    top = write(tmp_path / "x", files | {"submissions.xlsx": "", "index.html": ""})
    assert list(find(top).submissions) == ["ann", "bo"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_classes_is_wrong_usage_that_says_what_to_do(
    tmp_path, find, write, zipped, packed
):
    one = CLASS
    if packed:
        one = {"ann.zip": zipped(tmp_path, {"raft.py": RAFT}), "bo.zip": b""}
    files = {
        f"{lab}/{name}": text for lab in ("lab1", "lab2") for name, text in one.items()
    }
    top = write(tmp_path / "a term", files)
    with pytest.raises(UsageError, match="this looks like a class") as refused:
        find(top)
    assert f'raft-lab "{top}/lab1", raft-lab "{top}/lab2"' in str(refused.value)


def test_a_class_that_is_given_as_one_students_is_refused_and_pointed_out(
    tmp_path, find, write
):
    intake = find(write(tmp_path / "x", CLASS), single=True)
    assert intake.refused.keys() == {"x"}
    assert "If it is a class, and not what one student handed in" in intake.notes[0]


def test_a_repository_is_no_class(tmp_path, find, write):
    files = {"x/docs/all.zip": "", "x/src/raft.py": RAFT, "x/old/raft.py": RAFT}
    assert list(find(write(tmp_path / "alice", files)).submissions) == ["x"]


def test_a_class_among_submissions_is_refused_alone_and_pointed_out(
    tmp_path, find, write
):
    files = {"lab1/ann/raft.py": RAFT, "lab1/bo/raft.py": RAFT, "eve/raft.py": RAFT}
    intake = find(write(tmp_path / "x", files))
    assert intake.refused.keys() == {"lab1"}
    (note,) = intake.notes
    assert note.startswith("lab1: it holds more than one Raft: in ann, bo. If it is a")
    assert note.endswith(f"grade it by: raft-lab {tmp_path}/x/lab1")


def test_a_class_beside_a_raft_is_pointed_out(tmp_path, find, write):
    files = {f"{name}/raft.py": RAFT for name in ("ann", "bo", "raft", "tests")}
    intake = find(write(tmp_path / "x", files))
    assert list(intake.submissions) == ["x"]
    (note,) = intake.notes
    assert "graded the Raft in it, not those in ann, bo; if this looks like a" in note
