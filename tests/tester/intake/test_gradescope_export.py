"""The names of students in Gradescope's export."""

import pytest

RAFT = "class Raft: pass\n"


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


def test_gradescopes_fields_may_lack_rubys_colons(export):
    text = "submission_1:\n  submitters:\n  - name: Jane Doe\n    sid: 7\n"
    intake = export({"submission_metadata.yml": text, "submission_1/raft.py": RAFT})
    assert list(intake.submissions) == ["Jane Doe"]


@pytest.mark.parametrize(
    "text", ["", "- 1", "a: [", "submission_1: 3", b"\xff\xfe\x00"]
)
def test_gradescopes_folders_name_those_of_whom_nothing_is_told(export, text):
    intake = export({"submission_metadata.yml": text, "submission_1/raft.py": RAFT})
    assert list(intake.submissions) == ["submission_1"]
    (note,) = intake.notes
    assert "is not in the format that Gradescope writes" in note
