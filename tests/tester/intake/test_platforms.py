"""Course platforms' names for files, and patterns for those of any other."""

import re
import shutil

import pytest

from tester.errors import UsageError

RAFT = "class Raft: pass\n"


def test_canvas(tmp_path, export, zipped, contents, reasons):
    intake = export(
        {
            "doejane_LATE_101_9001_raft-2.py": "jane = 1\n",
            "doejane_LATE_101_9002_log.py": "",
            "doejane_LATE_101_9000_raft.py": "an older one of the same name",
            "doejane_102_9003_raft.py": "another Jane\n",
            "o_malleybo_103_9004_my-lab-1.zip": zipped(
                tmp_path, {"__MACOSX/._x": "", "lab/raft/__init__.py": "bo = 1\n"}
            ),
            "o_malleybo_103_9005_report.pdf": "",
            "leelin_104_9006_essay.docx": "",
            "anon_Ab3dE_9007_raft.py": "anon = 1\n",
            "koandy_105_text.html": "typed into the browser",
            "paxi_106_9008_raft.7z": "",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    del found["leelin"], found["paxi"]
    assert found == {
        "anon": "anon = 1\n",
        "doejane_101": {"log.py": "", "raft.py": "jane = 1\n"},
        "doejane_102": "another Jane\n",
        "o_malleybo": {"raft/__init__.py": "bo = 1\n"},
    }
    assert reasons(intake) == {
        "leelin": "no Python file and no archive was handed in, but essay.docx",
        "paxi": "the lab does not read .7z files: hand in a .zip",
    }
    said = "\n".join(intake.notes)
    assert "skipped doejane_LATE_101_9000_raft.py" in said
    assert "o_malleybo: skipped o_malleybo_103_9005_report.pdf" in said
    assert "koandy_105_text.html" in said


def test_canvas_names_are_those_that_modules_import_each_other_by(export):
    intake = export({"doejane_1_2_raft-1.py": RAFT, "doejane_1_3_log-1.py": ""})
    assert [file.name for file in sorted(intake.submissions["doejane"].iterdir())] == [
        "log.py",
        "raft.py",
    ]


def test_moodle_with_folders(tmp_path, export, zipped, contents):
    intake = export(
        {
            "Jane Doe_101_assignsubmission_file_/raft/__init__.py": "jane = 1\n",
            "Jane Doe_101_assignsubmission_onlinetext_/onlinetext.html": "",
            "Bo Ek_102_assignsubmission_file/lab.zip": zipped(
                tmp_path, {"raft.py": "bo = 1\n"}
            ),
            "Participant_103_assignsubmission_file_/raft.py": "one = 1\n",
            "Participant_104_assignsubmission_file_/raft.py": "two = 1\n",
            "Al Typer_105_assignsubmission_onlinetext_/onlinetext.html": "",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    del found["Al Typer"]
    assert found == {
        "Bo Ek": {"raft.py": "bo = 1\n"},
        "Jane Doe": {"raft/__init__.py": "jane = 1\n"},
        "Participant_103": {"raft.py": "one = 1\n"},
        "Participant_104": {"raft.py": "two = 1\n"},
    }
    assert intake.refused.keys() == {"Al Typer"}


def test_moodle_with_a_single_student(export):
    files = {"Jane Doe_101_assignsubmission_file_/raft/__init__.py": "jane = 1\n"}
    assert list(export(files).submissions) == ["Jane Doe"]


def test_moodle_without_folders(tmp_path, export, contents, reasons):
    intake = export(
        {
            "Jane Doe_101_assignsubmission_file_raft.py": "jane = 1\n",
            "Jane Doe_101_assignsubmission_file_log.py": "",
            "Bo Ek_102_assignsubmission_file_lab.tar.gz": b"damaged",
        }
    )
    assert contents(intake.submissions["Jane Doe"]) == {
        "log.py": "",
        "raft.py": "jane = 1\n",
    }
    assert reasons(intake)["Bo Ek"].startswith(
        "Bo Ek_102_assignsubmission_file_lab.tar.gz was refused: it cannot be unpacked"
    )


BLACKBOARD = "Lab 2_{}_attempt_2026-01-0{}-10-11-12{}"


def test_blackboard(tmp_path, export, zipped, contents, reasons):
    intake = export(
        {
            BLACKBOARD.format("jdoe", 5, "_raft.py"): "jane = 1\n",
            BLACKBOARD.format("jdoe", 5, "_log.py"): "log = 1\n",
            BLACKBOARD.format("jdoe", 5, ".txt"): "Name: Jane Doe (jdoe)",
            BLACKBOARD.format("wlee", 5, "_raft.py"): "an earlier attempt",
            BLACKBOARD.format("wlee", 5, ".txt"): "",
            BLACKBOARD.format("wlee", 6, "_raft.py"): "lee = 1\n",
            BLACKBOARD.format("wlee", 6, ".txt"): "",
            BLACKBOARD.format("zhang", 5, "_hw.zip"): zipped(
                tmp_path, {"hw/raft.py": "zhang = 1\n"}
            ),
            BLACKBOARD.format("typist", 5, ".txt"): "typed into the browser",
            BLACKBOARD.format("j_ek", 5, "_raft.py"): "j = 1\n",
            BLACKBOARD.format("k_ek", 5, "_raft.py"): "k = 1\n",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    del found["typist"]
    assert found == {
        "jdoe": {"log.py": "log = 1\n", "raft.py": "jane = 1\n"},
        "wlee": "lee = 1\n",
        "zhang": {"raft.py": "zhang = 1\n"},
        # Where the assignment ends cannot be seen, but nobody is taken for another.
        "ek_Lab 2_j_ek": "j = 1\n",
        "ek_Lab 2_k_ek": "k = 1\n",
    }
    (refusal,) = reasons(intake).values()
    assert refusal.startswith("no Python file and no archive was handed in, but Lab 2_")
    assert [note for note in intake.notes if "skipped" not in note] == [
        "wlee: graded the attempt 2026-01-06-10-11-12, the last one; there are 2"
    ]
    assert not any(".txt" in note for note in intake.notes)


def test_the_blackboard_export_that_a_teacher_has_sent(export):
    """Three students, one of them with two attempts."""
    names = [
        "Lab 2_wlee_attempt_2026-01-06-11-11-12.txt",
        "Lab 2_zhang_attempt_2026-01-05-10-11-12_hw.py",
        "Lab 2_jdoe_attempt_2026-01-05-10-11-12_raft.py",
        "Lab 2_jdoe_attempt_2026-01-05-10-11-12.txt",
        "Lab 2_wlee_attempt_2026-01-05-11-11-12_raft.py",
        "Lab 2_wlee_attempt_2026-01-05-11-11-12.txt",
        "Lab 2_zhang_attempt_2026-01-05-10-11-12.txt",
        "Lab 2_wlee_attempt_2026-01-06-11-11-12_raft.py",
    ]
    assert list(export(dict.fromkeys(names, RAFT)).submissions) == [
        "jdoe", "wlee", "zhang"
    ]  # fmt: skip


def test_brightspace(export, contents):
    intake = export(
        {
            "123-9 - Jane Doe - Jan 5, 2026 1011 AM/raft.py": "earlier",
            "123-9 - Jane Doe - Jan 5, 2026 1011 PM/raft.py": "jane = 1\n",
            "124-9 - Jean-Luc O'Neill - Jan 5, 2026 1011 AM/lab/raft.py": "jl = 1\n",
            "125-9 - Jane Doe - Jan 5, 2026 911 AM - raft.py": "another\n",
            "index.html": "",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    assert found == {
        "Jane Doe_123": {"raft.py": "jane = 1\n"},
        "Jean-Luc O'Neill": {"raft.py": "jl = 1\n"},
        "Jane Doe_125": "another\n",
    }


def test_sakai_and_ilias_have_a_folder_for_each_student(
    tmp_path, export, zipped, contents
):
    intake = export(
        {
            "Lab 2/grades.csv": "",
            "Lab 2/Doe, Jane(jdoe)/Submission attachment(s)/raft.py": "jane = 1\n",
            "Lab 2/Doe, Jane(jdoe)/timestamp.txt": "",
            "Lab 2/Lee, Wu(wlee)/Submission attachment(s)/lab.zip": zipped(
                tmp_path, {"raft.py": "wu = 1\n"}
            ),
            "Lab 2/Lee, Wu(wlee)/comments.txt": "",
            "submissions.xlsx": "",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    (jane, wu) = found
    assert (jane, wu) == ("Doe, Jane(jdoe)", "Lee, Wu(wlee)")
    assert [*found[jane].values()] == ["jane = 1\n"]
    assert [*found[wu].values()] == ["wu = 1\n"]


def test_a_pattern_reads_the_names_of_any_platform(tmp_path, write, find, contents):
    folder = write(
        tmp_path / "class",
        {
            "lab2~jane~v2~raft.py": "earlier",
            "lab2~jane~v10~raft.py": "jane = 1\n",
            "lab2~jane~v10~log.py": "log = 1\n",
            "lab2~bo~v1~lab/raft.py": "bo = 1\n",
            "readme.py": "",
            "solution/raft.py": "",
        },
    )
    pattern = re.compile(r"lab2~(?P<student>\w+)~v(?P<attempt>\d+)~(?P<file>.+)")
    intake = find(folder, pattern=pattern)
    found = {name: contents(path) for name, path in intake.submissions.items()}
    assert found == {
        "bo": {"raft.py": "bo = 1\n"},
        "jane": {"log.py": "log = 1\n", "raft.py": "jane = 1\n"},
    }
    assert "jane: graded the attempt 10, the last one; there are 2" in intake.notes
    assert f"skipped in {folder}: readme.py, solution" in intake.notes
    # In folders and archives that hold nothing else, too.
    archive = shutil.make_archive(str(tmp_path / "x" / "all"), "zip", tmp_path, "class")
    assert list(find(archive, pattern=pattern).submissions) == ["bo", "jane"]


def test_a_pattern_that_fits_no_name_is_wrong_usage(tmp_path, write, find):
    folder = write(tmp_path / "class", {"ann/raft.py": RAFT, "bo/raft.py": RAFT})
    with pytest.raises(UsageError, match=r"fits no name in .*class; there are ann, bo"):
        find(folder, pattern=re.compile(r"(?P<student>\d+)"))
