"""Finding the submissions at the paths that a person names."""

import stat
import sys
import zipfile
from pathlib import Path

import pytest

from tester.errors import UsageError
from tester.intake.find import find_submission
from tester.intake.refusals import Refused
from tester.reports import write_files

RAFT = "class Raft: pass\n"


def test_a_path_is_a_submission_or_a_folder_of_them(tmp_path, find, submission_at):
    alice, bob = submission_at(tmp_path / "alice"), submission_at(tmp_path / "bob")
    (tmp_path / "carol.py").write_text(RAFT)
    (tmp_path / "notes.txt").write_text("none\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    write_files(tmp_path / "grades", [])
    (tmp_path / "out" / "unpacked").mkdir(parents=True)
    everybody = {"alice": alice, "bob": bob, "carol": tmp_path / "carol.py"}
    intake = find(tmp_path)
    assert intake.submissions == everybody
    assert not intake.refused
    assert intake.notes == [
        f"skipped in {tmp_path}: .hidden, __MACOSX, notes.txt",
        f"skipped in {tmp_path}, since it holds only results of an earlier grading: grades",
    ]
    assert find(bob).submissions == {"bob": bob}
    # Named twice, graded once.
    assert find(tmp_path, bob).submissions == everybody


def test_names_are_unique(tmp_path, find, submission_at):
    for directory in ("a/x", "b/x", "c/raft", "d/raft"):
        submission_at(tmp_path / directory)
    paths = [tmp_path / d for d in ("a/x", "b/x", "c/raft", "d/raft")]
    assert list(find(*paths).submissions) == ["a/x", "b/x", "c/raft", "d/raft"]
    assert list(find(*paths[2:3]).submissions) == ["raft"]


def test_two_that_share_even_the_directorys_name_are_told_apart(
    tmp_path, find, submission_at
):
    for directory in ("1/b/x", "2/b/x", "3/b/x"):
        submission_at(tmp_path / directory)
    names = list(find(*[tmp_path / d for d in ("1/b/x", "2/b/x", "3/b/x")]).submissions)
    assert names == ["b/x", "b/x (2)", "b/x (3)"]


def test_an_archive_beside_a_folder_of_its_name_is_named_as_an_archive(
    tmp_path, find, write, zipped, submission_at
):
    submission_at(tmp_path / "class" / "alice")
    data = zipped(tmp_path, {"raft.py": RAFT})
    write(tmp_path / "class", {"alice.zip": data})
    assert set(find(tmp_path / "class").submissions) == {"class/alice", "alice.zip"}


def exported_nothing(path):
    path.mkdir()
    (path / "submission_metadata.yml").write_text("{}")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "neither a submission nor a folder of submissions"),
        (
            exported_nothing,
            "neither a submission nor a folder of submissions",
        ),
    ],
)
def test_a_path_without_submissions_is_wrong_usage(tmp_path, find, make, words, write):
    make(tmp_path / "x")
    with pytest.raises(UsageError, match=words):
        find(tmp_path / "x")


def test_every_archive_is_somebodys(tmp_path, export, zipped, contents, reasons):
    """Also those that nobody reads: their students would vanish from the grades."""
    files = {
        "ada.zip": zipped(tmp_path, {"raft.py": RAFT}),
        "bo.7z": "",
        "cy.RAR": "",
        "di.tar.zst": "",
        "ed.py.gz": "",
        "fay/raft.7z": "",
        "GUS.PY": RAFT,
        "hal.tar.xz": "damaged",
        "README.md": "",
    }
    intake = export(files)
    found = reasons(intake)
    assert found.pop("hal").startswith("hal.tar.xz was refused: it cannot be")
    assert found == {
        "bo": "the lab does not read .7z files: hand in a .zip",
        "cy": "the lab does not read .rar files: hand in a .zip",
        "di": "the lab does not read .tar.zst files: hand in a .zip",
        "ed.py": "the lab does not read .gz files: hand in a .zip",
        "fay": "the lab does not read .7z files: hand in a .zip",
    }
    assert contents(intake.submissions["GUS"]) == RAFT
    assert "GUS" in intake.submissions.keys() - intake.refused.keys()


def test_what_cannot_be_read_is_refused_and_the_others_go_on(
    tmp_path, find, monkeypatch, submission_at, reasons
):
    alice = submission_at(tmp_path / "class" / "alice")
    submission_at(tmp_path / "class" / "bob" / "lab")
    real = Path.iterdir

    def iterdir(path):
        if path.name == "bob":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    intake = find(tmp_path / "class")
    assert reasons(intake) == {"bob": "it cannot be read: Permission denied"}
    assert intake.submissions["alice"] == alice
    with pytest.raises(UsageError, match="bob cannot be read: Permission denied"):
        find(tmp_path / "class" / "bob")


def test_an_archive_of_several_students_becomes_several_submissions(
    tmp_path, find, zipped
):
    files = {
        "all/alice/raft/raft.py": RAFT,
        "all/bob.zip": zipped(tmp_path, {"raft.py": RAFT}),
    }
    archive = tmp_path / "all.zip"
    archive.write_bytes(zipped(tmp_path, files))
    assert list(find(archive).submissions) == ["alice", "bob"]
    # One with a package and its tests is one.
    archive.write_bytes(zipped(tmp_path, {"a/raft/raft.py": RAFT, "a/old/raft.py": ""}))
    assert list(find(archive).submissions) == ["all"]


def test_a_link_in_an_archive_of_several_is_refused_as_that_students(
    tmp_path, find, zipped, reasons
):
    link = zipfile.ZipInfo("all/eve/raft/log.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    files = {"all/alice/raft.py": RAFT, "all/eve/raft/raft.py": RAFT, link: "../x"}
    (tmp_path / "all.zip").write_bytes(zipped(tmp_path, files))
    intake = find(tmp_path / "all.zip")
    assert list(intake.submissions) == ["alice", "eve"]
    assert list(intake.refused) == ["eve"]
    assert "'raft/log.py' in it is a link" in reasons(intake)["eve"]


@pytest.mark.skipif(sys.platform == "darwin", reason="file names there are UTF-8")
def test_names_that_are_not_utf_8_become_readable(tmp_path, find, write, contents):
    folder = tmp_path / "class" / "caf\udce9"
    write(folder, {"raft.py": RAFT, "z\udcff.py": "x = 1\n"})
    (tmp_path / "class" / "na\udcefve.py").write_text(RAFT)
    intake = find(tmp_path / "class")
    assert list(intake.submissions) == ["café", "naïve"]
    for path in intake.submissions.values():
        str(path).encode()
    assert contents(intake.submissions["café"]) == {"raft.py": RAFT, "zÿ.py": "x = 1\n"}


@pytest.mark.parametrize("raft", ["lab2/raft/raft.py", "raft/raft.py"])
def test_of_both_labs_in_one_upload_that_which_is_graded_counts(
    tmp_path, write, find, raft
):
    write(tmp_path / "class/ann", {raft: RAFT, "lab3/rsm/rsm.py": "class RSM: pass"})
    write(tmp_path / "class/bob", {raft: RAFT})
    found = find(tmp_path / "class", package="rsm")
    assert found.inside["ann"] == "lab3"
    assert found.submissions["ann"] == tmp_path / "class/ann/lab3"
    lab2 = raft.removesuffix("raft/raft.py").rstrip("/") or "."
    assert find(tmp_path / "class").inside["ann"] == lab2


def test_several_services_in_one_upload_are_refused(tmp_path, write, find, reasons):
    files = {f"{folder}/rsm/rsm.py": "class RSM: pass" for folder in ("old", "new")}
    write(tmp_path / "class/ann", files)
    write(tmp_path / "class/bob", {"rsm/rsm.py": "class RSM: pass"})
    found = reasons(find(tmp_path / "class", package="rsm"))
    assert found == {"ann": "it holds more than one rsm: in new, old"}


@pytest.mark.parametrize(
    ("file", "found", "inside"),
    [
        ("raft.py", "", "."),
        ("raft/__init__.py", "", "."),
        ("main.py", "main.py", "main.py"),
        ("src/raft/raft.py", "src", "src"),
        ("lab2/impl/raft.py", "lab2/impl", "lab2/impl"),
    ],
)
def test_one_submission_is_found_at_any_depth(tmp_path, write, file, found, inside):
    repository = write(tmp_path / "repo", {file: RAFT, "README.md": "", "docs/x": ""})
    submission = find_submission(repository)
    assert submission.path == repository / found
    assert submission.inside == inside
    # A platform's folder around the repository makes no difference.
    (tmp_path / "submission").mkdir()
    repository.rename(tmp_path / "submission" / "repo")
    assert find_submission(tmp_path / "submission").inside == inside


def test_one_submission_is_unpacked_where_there_is_a_place_for_it(tmp_path, zipped):
    archive = tmp_path / "lab.zip"
    archive.write_bytes(zipped(tmp_path, {"proj/src/raft.py": RAFT, "proj/x.md": ""}))
    with pytest.raises(Refused, match="it has to be unpacked first"):
        find_submission(archive)
    submission = find_submission(archive, tmp_path / "unpacked")
    assert submission.inside == "src"
    assert (submission.path / "raft.py").read_text() == RAFT


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "it does not exist"),
        ({}, "the folder is empty"),
        ({"x.txt": ""}, "it holds no submission: .* there is x.txt"),
        ({"a/raft.py": "", "b/raft.py": ""}, "more than one Raft: in a, b"),
    ],
)
def test_what_holds_no_submission_is_refused(tmp_path, write, files, words):
    if files is not None:
        (tmp_path / "x").mkdir()
        write(tmp_path / "x", files)
    with pytest.raises(Refused, match=words):
        find_submission(tmp_path / "x")


def test_folders_of_one_student_are_not_taken_for_a_class(tmp_path, find, write):
    files = {"src/raft/raft.py": RAFT, "docs/conf.py": "", "README.md": ""}
    repository = write(tmp_path / "alice", files)
    assert list(find(repository).submissions) == ["docs", "src"]
    intake = find(repository, single=True)
    assert intake.submissions == {"alice": repository / "src"}
    assert intake.inside == {"alice": "src"}
    assert intake.notes == ["alice: graded the Raft in src"]
