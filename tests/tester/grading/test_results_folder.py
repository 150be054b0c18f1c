"""Links in a student's repository lead no results elsewhere."""

import os
from pathlib import Path

import pytest

from tester.errors import UsageError
from tester.grading.results_folder import refuse_links
from tester.reports.files import write_atomically, write_submission_files


@pytest.fixture
def repository(tmp_path):
    """Return a student's repository, beside a folder of the person who grades."""
    (tmp_path / "repository").mkdir()
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "repository"


def plant(place, to="../elsewhere"):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(to)


@pytest.mark.parametrize(
    "place",
    [
        "out",
        "results",
        "out/submissions",
        "out/unpacked",
        "out/journal.jsonl",
        "out/submissions/a",
    ],
)
def test_a_link_in_a_graded_folder_is_refused(repository, place, monkeypatch):
    plant(repository / place)
    out = "results/out" if place == "results" else "out"
    with pytest.raises(UsageError, match=f"{place} is a link"):
        refuse_links(repository / out, [str(repository)])
    monkeypatch.chdir(repository)
    with pytest.raises(UsageError, match=f"{place} is a link"):
        refuse_links(Path(out), ["."])


def test_a_pipe_is_no_journal(repository):
    (repository / "out").mkdir()
    os.mkfifo(repository / "out" / "journal.jsonl")
    with pytest.raises(UsageError, match="is a link or no regular file"):
        refuse_links(repository / "out", [str(repository)])


def test_who_grades_may_keep_results_behind_a_link(repository, tmp_path):
    plant(tmp_path / "grades", "elsewhere")
    refuse_links(tmp_path / "grades", [str(repository)])
    refuse_links(repository / "new" / "grades", [str(repository)])


def test_a_file_is_not_written_through_a_link(repository, tmp_path, made_up):
    precious = tmp_path / "elsewhere" / "precious"
    precious.write_text("precious")
    for name in ("results.json", ".results.json.new"):
        plant(repository / name, "../elsewhere/precious")
    write_atomically(repository / "results.json", b"new")
    assert precious.read_text() == "precious"
    assert (repository / "results.json").read_bytes() == b"new"
    plant(repository / "submissions" / "alice", "../../elsewhere")
    with pytest.raises(OSError, match="it is a link"):
        write_submission_files(repository, made_up.mixed())
    assert [file.name for file in (tmp_path / "elsewhere").iterdir()] == ["precious"]
