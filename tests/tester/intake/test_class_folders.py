"""A class's folder: which hand-ins lie side by side in it."""

import shutil
import tarfile

from tester.codes import LINK_IN_ARCHIVE, NOTHING_HANDED_IN, UPLOAD_IS_LINK

RAFT = "class Raft: pass\n"


def test_a_student_whose_folder_is_an_environment_is_one_all_the_same(
    tmp_path, find, write, submission_at, installed_in
):
    submission_at(tmp_path / "class" / "alice")
    write(tmp_path / "class" / "bob", {"raft.py": RAFT, **installed_in(".")})
    write(tmp_path / "class" / "eve", {"src/raft.py": RAFT, **installed_in(".")})
    submission_at(tmp_path / "class" / "test")
    found = find(tmp_path / "class").submissions
    assert list(found) == ["alice", "bob", "eve", "test"]


def test_an_empty_folder_is_a_student_who_handed_in_nothing(
    tmp_path, find, submission_at, reasons
):
    folder = tmp_path / "export"
    submission_at(folder / "Jane Doe_101_assignsubmission_file_")
    (folder / "Bo Ek_102_assignsubmission_file_").mkdir()
    archive = shutil.make_archive(str(tmp_path / "class"), "zip", folder)
    for given in (folder, archive):
        intake = find(given)
        assert list(intake.submissions) == ["Bo Ek", "Jane Doe"]
        assert reasons(intake) == {"Bo Ek": "nothing was handed in"}


def test_a_student_of_whom_an_archive_leaves_out_everything_keeps_a_row(
    tmp_path, find, write, zipped
):
    files = {"ann/raft.py": RAFT, "bo/raft.py": RAFT}
    left_out = {"cy/film.mp4": bytes(2 << 20), "di/.git/raft.py": RAFT}
    write(tmp_path, {"class.zip": zipped(tmp_path, files | left_out)})
    intake = find(tmp_path / "class.zip")
    assert list(intake.submissions) == ["ann", "bo", "cy", "di"]
    codes = {name: refused.code for name, refused in intake.refused.items()}
    assert codes == {"cy": NOTHING_HANDED_IN, "di": NOTHING_HANDED_IN}


def test_a_student_whose_files_are_links_in_an_archive_keeps_a_row(
    tmp_path, find, write
):
    folder = write(tmp_path / "all", {"ann/raft.py": RAFT, "bo/raft.py": RAFT})
    (folder / "cy").symlink_to("bo")
    (folder / "di.py").symlink_to("bo/raft.py")
    with tarfile.open(tmp_path / "class.tar", "w") as out:
        out.add(folder, "all")
        link = tarfile.TarInfo("all/ed/raft.py")
        link.type, link.linkname = tarfile.SYMTYPE, "../bo/raft.py"
        out.addfile(link)
    intake = find(tmp_path / "class.tar")
    assert list(intake.submissions) == ["ann", "bo", "cy", "di.py", "ed"]
    codes = {name: refused.code for name, refused in intake.refused.items()}
    assert codes == {
        "cy": UPLOAD_IS_LINK,
        "di.py": UPLOAD_IS_LINK,
        "ed": LINK_IN_ARCHIVE,
    }
