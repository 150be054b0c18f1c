"""Folders of results are no hand-ins, and no hand-in is taken for one."""

import pytest

from tester.intake.find import find_submissions
from tester.reports.files import DETAILS, write_details, write_files

RAFT = "class Raft: pass\n"
OF_A_GRADING = {"results.json": "{}", "journal.jsonl": "{}\n"}


def find(directory, out):
    return find_submissions([str(directory)], out.resolve() / "unpacked")


@pytest.mark.parametrize(
    "handed_in",
    [
        {"raft.py": RAFT},
        {"raft/__init__.py": RAFT},
        {"src/raft.py": RAFT},
        {"hand-in.zip": ""},
        {"report.md": "no program"},
        {"submissions/raft.py": RAFT},
    ],
)
@pytest.mark.parametrize("out", ["elsewhere", "class/ann/grades", "class/ann"])
def test_a_student_with_results_beside_the_raft_keeps_a_row(
    tmp_path, write, handed_in, out
):
    everybody = write(tmp_path / "class", {"bo/raft.py": RAFT})
    write(everybody / "ann", handed_in | OF_A_GRADING)
    (tmp_path / out / "unpacked").mkdir(parents=True)
    intake = find(everybody, tmp_path / out)
    assert list(intake.submissions) == ["ann", "bo"]
    assert not any("results" in note for note in intake.notes)


def test_one_student_with_results_is_not_passed_over_for_the_others(tmp_path, write):
    top = write(tmp_path / "x", {"more/bo/raft.py": RAFT, "more/cy/raft.py": RAFT})
    write(top / "ann", {"raft.py": RAFT, "results.json": "{}"})
    assert list(find(top, tmp_path / "out").submissions) == ["ann", "more"]


def test_what_a_platform_names_is_a_hand_in_whatever_it_holds(tmp_path, write):
    write(tmp_path / "class/Jo Li_101_assignsubmission_file_", OF_A_GRADING)
    write(tmp_path / "class/Bo Ek_102_assignsubmission_file_", {"raft.py": RAFT})
    intake = find(tmp_path / "class", tmp_path / "out")
    assert list(intake.submissions) == ["Bo Ek", "Jo Li"]
    assert list(intake.refused) == ["Jo Li"]


def test_results_alone_are_no_hand_in_and_earlier_ones_are_listed(
    tmp_path, write, made_up
):
    write(tmp_path, {"ann/raft.py": RAFT, "bo/raft.py": RAFT})
    write_files(tmp_path / "before", [made_up.mixed()])
    write_details(tmp_path / "before", [made_up.mixed()])
    assert (tmp_path / "before" / DETAILS).is_file()
    write(tmp_path / "before", {"unpacked/001-ann/raft.py": RAFT, ".DS_Store": ""})
    write(tmp_path / "now/first", OF_A_GRADING)
    write(tmp_path / "now/second/unpacked/001-ann", {"raft.py": RAFT})
    intake = find(tmp_path, tmp_path / "now" / "second")
    assert list(intake.submissions) == ["ann", "bo"]
    assert intake.notes == [
        f"skipped in {tmp_path}, since it holds only results of an earlier grading: before"
    ]
