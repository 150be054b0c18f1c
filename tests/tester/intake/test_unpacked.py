"""The folder for what is unpacked or copied."""

import pytest

from tester.intake.archives import ONE_SUBMISSION
from tester.intake.refusals import Refused
from tester.intake.unpacked import Unpacked

RAFT = "class Raft: pass\n"


def test_each_archive_gets_a_folder_whatever_its_name(tmp_path):
    unpacked = Unpacked(tmp_path)
    names = ["alice", "alice", "../../etc/passwd"]
    folders = [unpacked.new_folder(name) for name in names]
    assert [folder.parent for folder in folders] == [tmp_path] * 3
    assert [folder.name for folder in folders] == [
        "001-alice",
        "002-alice",
        "003-passwd",
    ]


def test_what_an_earlier_grading_left_is_removed(tmp_path):
    (tmp_path / "001-alice").mkdir()
    (tmp_path / "001-alice" / "old.py").write_text("")
    folder = Unpacked(tmp_path).new_folder("alice")
    assert not folder.exists()


def test_names_that_reports_cannot_hold_are_copied_within_bounds(tmp_path, write):
    student = write(tmp_path / "x", {"raft.py": RAFT, "z\udcff.py": ""})
    copy = Unpacked(tmp_path / "to").with_readable_names("x", student, [])
    assert sorted(file.name for file in copy.iterdir()) == ["raft.py", "zÿ.py"]
    (student / "large.py").write_bytes(bytes(ONE_SUBMISSION.bytes + 1))
    with pytest.raises(Refused, match="more than 5000 files or 64 MB"):
        Unpacked(tmp_path / "to").with_readable_names("x", student, [])


def test_where_nothing_may_be_written_names_stay_as_they_are(tmp_path, write):
    student = write(tmp_path / "x", {"z\udcff.py": ""})
    assert Unpacked(None).with_readable_names("x", student, []) == student
    with pytest.raises(Refused, match="has to be unpacked first"):
        Unpacked(None).new_folder("x")
