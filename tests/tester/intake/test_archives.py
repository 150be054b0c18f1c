"""Archives of submissions: graded as the folders they hold, or refused with a reason."""

import csv
import errno
import io
import os
import shutil
import stat
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pytest

import grade
from tester.intake import archives
from tester.intake.archives import ONE_SUBMISSION, WHOLE_CLASS, Bounds, names_in, unpack
from tester.intake.find import find_submissions
from tester.intake.refusals import RefusedArchive
from tester.intake.roots import innermost

FILES = {"raft/__init__.py": b"x = 1\n", "raft/log.py": b""}


def make_zip(path, files, **options):
    """Write a zip of name to content, or of ZipInfo to content."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def make_tar(path, files, mode="w:gz"):
    """Write a tar of name to content, or of TarInfo to content."""
    with tarfile.open(path, mode) as out:
        for name, content in files.items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    return path


def contents(directory):
    """Return name to content of every file below a directory."""
    return {
        str(file.relative_to(directory)): file.read_bytes()
        for file in directory.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.zip", make_zip),
        ("a.ZIP", make_zip),
        ("a.tar.gz", make_tar),
        ("a.tgz", make_tar),
        ("a.tar", lambda path, files: make_tar(path, files, "w")),
        ("a.tar.xz", lambda path, files: make_tar(path, files, "w:xz")),
        ("a.txz", lambda path, files: make_tar(path, files, "w:xz")),
        ("a.tar.bz2", lambda path, files: make_tar(path, files, "w:bz2")),
        ("a.tbz2", lambda path, files: make_tar(path, files, "w:bz2")),
        ("misnamed.tar", make_tar),
    ],
)
def test_what_was_packed_is_unpacked_in_place_of_what_was_there(tmp_path, name, make):
    archive = make(tmp_path / name, FILES)
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "old.py").write_text("")
    unpack(archive, tmp_path / "to")
    assert contents(tmp_path / "to") == FILES


def test_the_separators_of_windows_are_understood(tmp_path):
    files = {"raft\\": b"", "raft\\__init__.py": b"x = 1\n", "raft\\sub\\log.py": b""}
    unpack(make_zip(tmp_path / "a.zip", files), tmp_path / "to")
    found = contents(tmp_path / "to")
    assert found == {"raft/__init__.py": b"x = 1\n", "raft/sub/log.py": b""}


def test_names_that_are_not_utf_8_are_written_so_that_reports_can_hold_them(tmp_path):
    info = tarfile.TarInfo("raft/caf\udce9.py")
    unpack(make_tar(tmp_path / "a.tgz", {info: b"x = 1\n"}), tmp_path / "to")
    assert contents(tmp_path / "to") == {"raft/café.py": b"x = 1\n"}


def test_an_archive_without_files_is_refused(tmp_path):
    with pytest.raises(RefusedArchive, match="there is no file in it"):
        unpack(make_zip(tmp_path / "a.zip", {}), tmp_path / "to")


def zip_link(name):
    """Return the entry of a symbolic link, as Unix writes it into a zip."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def tar_link(kind, name):
    """Return the entry of a link or a device in a tar."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    ("make", "name", "files", "reason"),
    [
        (make_zip, "a.zip", {"../evil.py": b""}, "leads out of the folder"),
        (make_zip, "a.zip", {"raft/../../evil.py": b""}, "leads out of the folder"),
        (make_zip, "a.zip", {"/tmp/evil.py": b""}, "leads out of the folder"),
        (make_zip, "a.zip", {"raft\\..\\..\\evil.py": b""}, "leads out of the folder"),
        (make_zip, "a.zip", {"C:\\evil.py": b""}, "leads out of the folder"),
        (make_tar, "a.tgz", {"../evil.py": b""}, "leads out of the folder"),
        (make_tar, "a.tgz", {"/tmp/evil.py": b""}, "leads out of the folder"),
        (make_zip, "a.zip", {zip_link("../x.py"): b""}, "leads out of the folder"),
    ],
)
def test_what_could_do_harm_is_refused(tmp_path, make, name, files, reason):
    archive = make(tmp_path / name, {"raft/__init__.py": b"", **files})
    with pytest.raises(RefusedArchive, match=reason):
        unpack(archive, tmp_path / "to")
    assert [path.name for path in tmp_path.iterdir()] == [name]


SPECIAL = {
    "a link in a zip": (make_zip, "a.zip", zip_link),
    "a link in a tar": (make_tar, "a.tgz", partial(tar_link, tarfile.SYMTYPE)),
    "a second name in a tar": (make_tar, "a.tgz", partial(tar_link, tarfile.LNKTYPE)),
    "a device in a tar": (make_tar, "a.tgz", partial(tar_link, tarfile.CHRTYPE)),
    "a pipe in a tar": (make_tar, "a.tgz", partial(tar_link, tarfile.FIFOTYPE)),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_links_and_devices_are_refused_where_a_module_could_be(tmp_path, kind, reasons):
    make, archive, special = SPECIAL[kind]
    for name in ("a/raft/secret.py", "a/secret", "a/raft/sub"):
        files = {"a/raft/__init__.py": b"", special(name): b"/etc/passwd"}
        make(tmp_path / archive, files)
        intake = find_submissions([str(tmp_path / archive)], tmp_path / "to")
        assert reasons(intake) == {
            "a": f"{name[2:]!r} in it is a link or a device; a submission consists of "
            "plain files and folders"
        }


@pytest.mark.parametrize("kind", SPECIAL)
def test_links_and_devices_are_left_out_where_no_module_is_read(
    tmp_path, kind, reasons
):
    """As in the course's repository, which a student may hand in as a whole."""
    make, archive, special = SPECIAL[kind]
    names = ("a/tests/mutants/raft", "a/.link", "beside")
    files = {"a/raft/__init__.py": b"", "a/tests/x.py": b""}
    make(tmp_path / archive, files | {special(name): b"/etc" for name in names})
    intake = find_submissions([str(tmp_path / archive)], tmp_path / "to")
    assert reasons(intake) == {}
    assert contents(intake.submissions["a"]) == {
        "raft/__init__.py": b"",
        "tests/x.py": b"",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("make", "name"), [(make_zip, "a.zip"), (make_tar, "a.tgz")])
def test_absurd_sizes_are_refused(tmp_path, make, name):
    bomb = make(tmp_path / name, {"raft/x.py": bytes(ONE_SUBMISSION.bytes + 1)})
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(RefusedArchive, match="more than 64 MB"):
        unpack(bomb, tmp_path / "to")
    many = make(tmp_path / name, dict.fromkeys(["a.py", "b.py", "c.py"], b""))
    with pytest.raises(RefusedArchive, match="more than 2 files"):
        unpack(many, tmp_path / "to", Bounds(files=2, bytes=10))
    assert not (tmp_path / "to").exists()


def test_what_tools_leave_in_a_folder_is_no_part_of_the_bounds(tmp_path):
    stray = [".git/objects/1", ".venv/lib/x.py", "venv/x.py", "raft/__pycache__/x.pyc"]
    files = dict.fromkeys([f"alice/{name}" for name in stray], bytes(9))
    archive = make_zip(tmp_path / "a.zip", {"alice/raft/raft.py": b"1", **files})
    unpack(archive, tmp_path / "to", Bounds(files=1, bytes=1))
    assert contents(tmp_path / "to") == {"alice/raft/raft.py": b"1"}


@pytest.mark.parametrize(("make", "name"), [(make_zip, "a.zip"), (make_tar, "a.tgz")])
@pytest.mark.parametrize("root", ["alice/", ""])
def test_what_is_installed_is_no_part_of_the_bounds(tmp_path, make, name, root):
    """In a virtual environment of any name, be it the repository itself."""
    counted = {f"{root}raft.py": b"1", f"{root}pyvenv.cfg": b"", f"{root}lib.py": b""}
    installed = ["bin/python", "lib/x.py", "Lib/site-packages/raft/raft.py"]
    stray = [f"{root}{name}" for name in installed]
    stray += [f"{root}my env/{name}" for name in installed]
    stray += [f"{root}target/site-packages/raft/raft.py"]
    files = counted | {f"{root}my env/pyvenv.cfg": b""}
    archive = make(tmp_path / name, dict.fromkeys(stray, bytes(9)) | files)
    unpack(archive, tmp_path / "to", Bounds(files=4, bytes=1))
    assert contents(tmp_path / "to") == files


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_of_a_compressed_tar_no_more_is_decompressed_than_can_be_borne(
    tmp_path, monkeypatch, mode
):
    """Not even what is passed over, or belongs to the head of a file."""
    monkeypatch.setattr(archives, "_BYTES_BESIDE_MAX", 1 << 20)
    small = Bounds(files=9, bytes=1 << 20)
    beside = make_tar(
        tmp_path / "a.tar.xz", {".git/x": bytes(3 << 20), "raft.py": b""}, mode
    )
    with pytest.raises(RefusedArchive, match="more than 1 MB"):
        unpack(beside, tmp_path / "to", small)
    head = tarfile.TarInfo("raft.py")
    head.pax_headers = {"comment": "x" * (17 << 20)}
    make_tar(tmp_path / "b.tar.xz", {head: b""}, mode)
    monkeypatch.setattr(archives, "_BYTES_BESIDE_MAX", 1 << 30)
    with pytest.raises(RefusedArchive, match="more than 64 MB"):
        unpack(tmp_path / "b.tar.xz", tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_would_fill_the_memory_at_once_is_refused(tmp_path, way):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", way) as out:
        out.writestr("raft.py", bytes(1 << 20))
    with pytest.raises(RefusedArchive, match="hand in an ordinary"):
        unpack(tmp_path / "a.zip", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_file_without_a_name_is_left_out(tmp_path):
    """Python 3.11 to 3.13 fail when they are asked whether it is a folder."""
    info = zipfile.ZipInfo("x")
    info.filename = ""
    archive = make_zip(tmp_path / "a.zip", {"raft.py": b"1", info: b"2"})
    unpack(archive, tmp_path / "to")
    assert contents(tmp_path / "to") == {"raft.py": b"1"}
    make_zip(archive, {info: b"2"})
    with pytest.raises(RefusedArchive, match="there is no file in it"):
        unpack(archive, tmp_path / "to")


def test_an_encrypted_archive_is_refused_as_such(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"raft.py": b"1"})
    data = bytearray(archive.read_bytes())
    for start, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(start) + flags_at] |= 1
    archive.write_bytes(data)
    with pytest.raises(RefusedArchive, match="it is encrypted: hand in"):
        unpack(archive, tmp_path / "to")


def test_a_full_disk_is_not_the_archives_fault(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "a.zip", {"raft.py": b"1"})
    really_open = Path.open

    def full(path, mode="r", **options):
        if mode == "wb":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return really_open(path, mode, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left"):
        find_submissions([str(archive)], tmp_path / "to")
    assert [path.name for path in (tmp_path / "to").iterdir()] == []


@pytest.mark.unmeasured
def test_a_zip_that_lies_about_its_sizes_does_not_get_further(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"x.py": bytes(ONE_SUBMISSION.bytes + 1)})
    data = archive.read_bytes()
    true_size = (ONE_SUBMISSION.bytes + 1).to_bytes(4, "little")
    assert data.count(true_size) == 2
    archive.write_bytes(data.replace(true_size, (10).to_bytes(4, "little")))
    with pytest.raises(RefusedArchive, match="cannot be unpacked"):
        unpack(archive, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("mode", ["zip", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("keep", [0, 20, 90])
def test_damaged_archives_are_refused(tmp_path, mode, keep):
    files = {"raft/__init__.py": bytes(range(256)) * 9}
    if mode == "zip":
        archive = make_zip(tmp_path / "a.zip", files)
    else:
        archive = make_tar(tmp_path / "a.tar.xz", files, mode)
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(RefusedArchive, match="cannot be unpacked"):
        unpack(archive, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["raft/__init__.py"], "."),
        (["raft/raft.py"], "."),
        (["alice/raft/__init__.py"], "alice"),
        (["alice/lab/raft.py", "__MACOSX/._alice"], "alice/lab"),
        (["alice/raft.py", "alice/log.py"], "alice"),
        (["alice/__init__.py", "alice/core.py"], "alice"),
        (["a/x.py", "b/y.py"], "."),
    ],
)
def test_the_folder_that_was_packed_is_found(tmp_path, files, found):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert innermost(tmp_path) == tmp_path / found


@pytest.mark.slow
def test_grading_a_folder_of_archives(tmp_path, example, capsys):
    """One of them is refused: that costs nobody else anything."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    shutil.make_archive(folder / "alice", "zip", example("raft").parent, "raft")
    shutil.make_archive(folder / "bob", "gztar", example("raft").parent, "raft")
    make_zip(folder / "eve.zip", {"../../grades.csv": b"eve,100"})
    arguments = ["--tests", "test_initial_election", "--jobs", "1", "--out", str(out)]
    assert grade.main([str(folder), *arguments]) == 0
    with (out / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert {name: row["percent"] for name, row in rows.items()} == {
        "alice": "100.0",
        "bob": "100.0",
        "eve": "0.0",
    }
    reason = rows["eve"]["first_reason"]
    assert "eve.zip was refused: '../../grades.csv' in it leads out" in reason
    assert "eve.zip was refused" in capsys.readouterr().out


# Large files that are no source.


def test_a_large_log_is_left_out_and_its_code_is_graded(tmp_path):
    log = bytes(ONE_SUBMISSION.bytes + 1)
    files = {"lab/raft.py": b"x = 1\n", "lab/notes.md": b"", "lab/run.log": log}
    make_zip(tmp_path / "ann.zip", files, compresslevel=1)
    intake = find_submissions([str(tmp_path / "ann.zip")], tmp_path / "to")
    assert not intake.refused
    assert contents(intake.submissions["ann"]) == {
        "raft.py": b"x = 1\n",
        "notes.md": b"",
    }
    assert intake.notes == [
        "ann: left out 1 file of 64 MB that cannot be part of a program: lab/run.log"
    ]


def test_files_that_are_no_source_are_left_out_if_there_are_too_many(tmp_path):
    logs = {f"logs/{n:04}.log": b"x" * n for n in range(5)}
    make_zip(tmp_path / "a.zip", logs | {"raft.py": b""})
    left_out = unpack(tmp_path / "a.zip", tmp_path / "x", Bounds(files=5, bytes=10))
    assert left_out.beside == {name: len(content) for name, content in logs.items()}
    assert contents(tmp_path / "x") == {"raft.py": b""}
    assert not unpack(tmp_path / "a.zip", tmp_path / "x", Bounds(6, 10)).beside
    assert unpack(tmp_path / "a.zip", tmp_path / "x", Bounds(6, 9)).beside


def test_what_holds_only_a_large_file_holds_no_program(tmp_path):
    make_zip(tmp_path / "ann.zip", {"raft.ipynb": bytes(2 << 20)})
    with pytest.raises(RefusedArchive, match=r"no Python file in it, but raft\.ipynb"):
        unpack(tmp_path / "ann.zip", tmp_path / "x")


def test_large_source_is_refused_and_not_left_out(tmp_path):
    make_zip(tmp_path / "ann.zip", {"raft.py": bytes(2 << 20)})
    with pytest.raises(RefusedArchive, match="more than 1 MB"):
        unpack(tmp_path / "ann.zip", tmp_path / "x", Bounds(files=9, bytes=1 << 20))


# Names.


def test_names_that_macos_has_not_marked_as_utf_8_are_read(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"Müller/raft.py": b"", "Ann/raft.py": b""})
    data = archive.read_bytes()
    # As Finder writes them: the same bytes, without the flag.
    unmarked = data.replace(b"\x14\x00\x00\x08", b"\x14\x00\x00\x00")
    assert unmarked != data
    archive.write_bytes(unmarked)
    assert [str(name.parent) for name in names_in(archive)] == ["Müller", "Ann"]


def test_a_reason_names_no_path_of_this_machine(tmp_path, monkeypatch):
    def mkdir(path, **options):
        raise OSError(errno.EPERM, "Operation not permitted", str(path))

    make_zip(tmp_path / "a.zip", {"raft/x.py": b""})
    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(
        RefusedArchive, match="unpacked: Operation not permitted; it may"
    ):
        unpack(tmp_path / "a.zip", tmp_path / "x")


def test_a_file_that_is_a_folder_as_well_is_left_out(tmp_path):
    make_zip(
        tmp_path / "a.zip", {"raft": b"1", "raft/x.py": b"2", "b/c": b"", "b": b""}
    )
    unpack(tmp_path / "a.zip", tmp_path / "x")
    assert contents(tmp_path / "x") == {"raft/x.py": b"2", "b/c": b""}


def test_a_name_that_is_too_long_for_a_disk_stops_no_class(tmp_path):
    long = "\N{CJK UNIFIED IDEOGRAPH-9673}" * 120
    deep = "/".join(["d" * 250] * 12)
    files = dict.fromkeys(["ann/raft.py", f"{long}/raft.py", f"bo/{deep}/x.py"], b"")
    make_zip(tmp_path / "a.zip", files)
    unpack(tmp_path / "a.zip", tmp_path / "x", WHOLE_CLASS)
    ann, other = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert ann == "ann"
    assert len(other.encode()) <= 255
