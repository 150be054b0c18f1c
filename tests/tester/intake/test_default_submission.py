"""What is tested where nobody has named a submission."""

import pytest

from tester.intake.default_submission import REFERENCE, default_submission

STARTER = """
[tool.pytest.ini_options]
addopts = ["--lab"]
"""


def test_where_nothing_is_named_the_repository_or_the_reference_is_tested(tmp_path):
    assert default_submission(tmp_path, True, tmp_path) == tmp_path
    assert default_submission(tmp_path, False, tmp_path) == REFERENCE
    # The lab's own repository is not a student's.
    lab = REFERENCE.parent
    assert default_submission(lab, True, lab) == REFERENCE
    assert default_submission(lab, False, REFERENCE) == REFERENCE
    assert (REFERENCE / "raft.py").is_file()


@pytest.mark.parametrize("is_students", [False, True])
@pytest.mark.parametrize(
    ("files", "directory", "tested"),
    [
        (["pyproject.toml", "raft/raft.py"], ".", "."),
        (["pyproject.toml", "raft/raft.py"], "raft", "."),
        (["pyproject.toml", "raft/raft.py", "tests/test_mine.py"], "tests", "."),
        (["pyproject.toml", "raft.py", "tests/old/raft.py"], "tests/old", "tests/old"),
        # The Raft of a starter may lie further down, or be missing: that is said.
        (["pyproject.toml", "src/raft/raft.py"], ".", "."),
        (["pyproject.toml"], ".", "."),
        (["raft.py"], ".", "."),
        ([".git/HEAD", "raft.py", "notes/a.txt"], "notes", "."),
        # Beyond the project, and without one beyond the folder, nothing is looked for.
        (["raft.py", "notes/a.txt"], "notes", None),
        (["raft.py", "other/.git/HEAD"], "other", None),
    ],
)
def test_a_raft_where_the_person_is_counts_whatever_the_root(
    write, tmp_path, files, directory, tested, is_students
):
    """As in a starter, `pytest LAB/test_2a_election.py`, whose root is the lab."""
    write(tmp_path, dict.fromkeys(files, ""))
    if "pyproject.toml" in files:
        (tmp_path / "pyproject.toml").write_text(STARTER)
    expected = tmp_path / tested if tested else REFERENCE
    here = tmp_path / directory
    assert default_submission(REFERENCE.parent, is_students, here) == expected
