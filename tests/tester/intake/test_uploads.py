"""What students hand in, and what reports may call it."""

from pathlib import Path

import pytest

from tester.intake.uploads import Upload, hand_in_at, names_for


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lab.zip", "archive"),
        ("lab.TAR.GZ", "archive"),
        ("lab.7z", "unread archive"),
        ("raft.PY", "python"),
        ("essay.docx", ""),
    ],
)
def test_a_files_name_says_what_it_is(name, kind):
    upload = Upload(Path(name), name)
    assert upload.is_archive == (kind == "archive")
    assert upload.is_packed == kind.endswith("archive")
    assert upload.is_python == (kind == "python")
    assert upload.may_be_one == bool(kind)
    folder = Upload(Path(name), name, is_folder=True)
    assert not folder.is_packed
    assert not folder.is_python
    assert folder.may_be_one


def test_a_module_is_called_as_python_needs_it():
    assert Upload(Path("x"), "raft.v2.PY").module_file == "raft.v2.py"
    for numbered in ("raft (1).py", "raft(12).py"):
        assert Upload(Path("x"), numbered).module_file == "raft.py"


def test_a_student_of_a_platform_is_named_and_then_numbered():
    assert names_for("Jane/Doe", "7", Path("x")) == ["Jane_Doe", "Jane_Doe_7"]


def test_a_file_is_named_without_its_suffix_unless_that_name_is_taken(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("alice.zip", "bob.py", "carol"):
        (folder / name).write_text("")
    assert hand_in_at(folder / "alice.zip").names == [
        "alice",
        "class/alice",
        "alice.zip",
    ]
    assert hand_in_at(folder / "bob.py").names == ["bob", "class/bob", "bob.py"]
    assert hand_in_at(folder).names == ["class", f"{tmp_path.name}/class"]
