"""Course platforms' names for files: Canvas, Moodle, Gradescope."""

import pytest

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


METADATA = """\
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '1'
    :email: jane@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-01-02 03:04:05.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: Etc/UTC
  :score: 0.0
submission_12:
  :submitters:
  - :name: José/Núñez
    :email: jose@example.org
  - :email: bo@example.org
submission_13:
  :submitters:
  - :name: Jane Doe
submission_15:
  :submitters:
  - :name: Eve Empty
"""


def test_gradescope(export, contents, reasons):
    intake = export(
        {
            "submission_metadata.yml": METADATA,
            "submission_11/raft/__init__.py": "jane = 1\n",
            "submission_12/raft.py": "both = 1\n",
            "submission_13/src/raft.py": "other = 1\n",
            "submission_14/raft.py": "unnamed = 1\n",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    assert found.pop("Eve Empty") == {}
    assert reasons(intake) == {"Eve Empty": "nothing was handed in"}
    assert found == {
        "Jane Doe_11": {"raft/__init__.py": "jane = 1\n"},
        "José_Núñez and bo@example.org": {"raft.py": "both = 1\n"},
        "Jane Doe_13": {"raft.py": "other = 1\n"},
        "submission_14": {"raft.py": "unnamed = 1\n"},
    }
    assert not intake.notes


@pytest.mark.parametrize(
    "text", ["", "- 1", "a: [", "submission_1: 3", b"\xff\xfe\x00"]
)
def test_gradescopes_folders_name_those_of_whom_nothing_is_told(export, text):
    intake = export({"submission_metadata.yml": text, "submission_1/raft.py": RAFT})
    assert list(intake.submissions) == ["submission_1"]
    (note,) = intake.notes
    assert "is not in the format that Gradescope writes" in note
