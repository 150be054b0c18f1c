"""Folders that a student has filled with what no program needs: none stops the class."""

import errno
import inspect
import io
import os
import socket
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from labrpc.errors import LoadError
from labrpc.submission.source_tree import read_regular
from labrpc.submission.submission import Submission
from tester.grading.plan import Plan
from tester.intake.duplicates import fingerprint
from tester.intake.find import find_submission, find_submissions
from tester.intake.refusals import Refused
from tester.scoring.rubric_file import default_rubric

RAFT = "class Raft: ...\n"
SPARSE_BYTES = 6 << 30
# More than a recursion may have; a thousand take seconds to be removed again.
LEVELS = 200
RECURSIONS = 150


def sparse(file):
    """Make a file of gigabytes that takes no room on the disk."""
    with file.open("wb") as opened:
        opened.truncate(SPARSE_BYTES)


def deep(folder, name):
    """Make a file that lies too deep for a recursion."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(LEVELS):
        os.mkdir("deep", dir_fd=fd)
        inner = os.open("deep", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)


def bound_socket(folder):
    # By its number, since a socket's path may have a hundred characters only.
    fd = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{fd}/sock.py")
    os.close(fd)


def package(folder):
    (folder / "raft").mkdir()
    (folder / "raft" / "raft.py").write_text(RAFT)
    return folder / "raft"


def raft(folder):
    (folder / "raft.py").write_text(RAFT)
    return folder


# What lies in the folder, by what comes of it.
GRADED = {
    "pipe": lambda d: os.mkfifo(raft(d) / "data"),
    "link_to_pipe": lambda d: (os.mkfifo(raft(d) / "p"), (d / "q.py").symlink_to("p")),
    "socket": lambda d: bound_socket(raft(d)),
    "sparse_data": lambda d: sparse(raft(d) / "log.bin"),
    "link_out": lambda d: (raft(d) / "data").symlink_to("/proc/self/maps"),
    "links_to_folders": lambda d: [
        (raft(d) / f"l{n}").symlink_to(to) for n, to in enumerate(["/", "..", "/proc"])
    ],
    "link_to_itself": lambda d: [(raft(d) / n).symlink_to(n) for n in ("a", "b.py")],
    "package_with_a_pipe": lambda d: os.mkfifo(package(d) / "__init__.py"),
    "deep_package": lambda d: deep(package(d), "m.py"),
    "mark_is_a_folder": lambda d: (raft(d) / "pyvenv.cfg").mkdir(),
}
REFUSED = {
    "raft_is_a_pipe": lambda d: os.mkfifo(d / "raft.py"),
    "raft_links_to_a_pipe": lambda d: (
        os.mkfifo(d / "p"),
        (d / "raft.py").symlink_to("p"),
    ),
    "raft_links_to_itself": lambda d: (d / "raft.py").symlink_to("raft.py"),
    "pipe_as_archive": lambda d: os.mkfifo(d / "x.zip"),
    "link_as_archive": lambda d: (d / "x.zip").symlink_to("/proc/self/maps"),
    "sparse_archive": lambda d: sparse(d / "x.zip"),
}
# Found, and then not loaded.
NOT_LOADED = {
    "sparse_raft": lambda d: sparse(d / "raft.py"),
    "sparse_module": lambda d: sparse(raft(d) / "other.py"),
    "sparse_init": lambda d: sparse(package(d) / "__init__.py"),
    "sparse_only_file": lambda d: sparse(d / "solution.py"),
    "raft_links_out": lambda d: (d / "raft.py").symlink_to("/proc/self/maps"),
}


@pytest.fixture
def few_recursions():
    """Let functions call themselves less often than Python lets them."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + RECURSIONS)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.slow
def test_none_of_them_stops_the_class(tmp_path, suite, few_recursions):
    kinds = GRADED | REFUSED | NOT_LOADED | {"deep": lambda d: deep(d, "raft.py")}
    students = tmp_path / "class"
    for name, fill in kinds.items():
        (students / name).mkdir(parents=True)
        fill(students / name)
    (students / "ok.py").write_text(RAFT)
    (students / "self.py").symlink_to("self.py")
    os.mkfifo(students / "pipe.py")
    os.mkfifo(students / "pipe.zip")
    intake = find_submissions([str(students)], tmp_path / "unpacked")
    assert set(intake.submissions) == {*kinds, "ok", "self.py", "pipe.py", "pipe.zip"}
    assert set(intake.refused) == {*REFUSED, "deep", "pipe.zip", "self.py"}
    rubric = default_rubric(suite, 0, 1)
    plan = Plan(intake.submissions, suite, [0], rubric, refused=intake.refused)
    assert plan.header()
    for name in NOT_LOADED:
        assert fingerprint(intake.submissions[name]) == ""


@pytest.mark.parametrize("name", ["evil", "evil.py", "evil.zip"])
def test_a_link_to_somebody_elses_program_is_no_hand_in(name, tmp_path):
    solution, students = tmp_path / "solution", tmp_path / "class"
    solution.mkdir()
    students.mkdir()
    raft(solution)
    with zipfile.ZipFile(tmp_path / "solution.zip", "w") as opened:
        opened.writestr("raft.py", RAFT)
    leads_to = {
        "evil": solution,
        "evil.py": solution / "raft.py",
        "evil.zip": tmp_path / "solution.zip",
    }
    (students / name).symlink_to(leads_to[name])
    (students / "ok.py").write_text(RAFT)
    intake = find_submissions([str(students)], tmp_path / "unpacked")
    assert set(intake.submissions) == {"ok", "evil"}
    assert intake.refused["evil"].code.name == "upload-is-link"
    # Whoever names it means it.
    assert not find_submissions([str(students / name)], tmp_path / "unpacked").refused


@pytest.mark.parametrize("name", REFUSED)
def test_each_is_refused_alone(name, tmp_path):
    REFUSED[name](tmp_path)
    with pytest.raises(Refused):
        find_submission(tmp_path, tmp_path / "unpacked")


@pytest.mark.parametrize("name", NOT_LOADED)
def test_each_fails_to_load_alone(name, tmp_path):
    NOT_LOADED[name](tmp_path)
    code = "link-leads-out" if name == "raft_links_out" else "source-too-large"
    with pytest.raises(LoadError) as caught:
        Submission.find(find_submission(tmp_path, tmp_path / "unpacked").path)
    assert caught.value.code.name == code


def test_what_a_link_leads_to_is_no_part_of_a_submission(tmp_path):
    (tmp_path / "outside").write_text("one")
    alice = tmp_path / "alice"
    alice.mkdir()
    (raft(alice) / "data").symlink_to("../outside")
    before = fingerprint(alice)
    (tmp_path / "outside").write_text("two")
    assert fingerprint(alice) == before
    (alice / "data").unlink()
    (alice / "data").write_text("../outside")
    assert fingerprint(alice) not in (before, "")


def test_only_regular_files_are_read_and_no_more_than_asked_for(tmp_path):
    file, link, pipe = tmp_path / "file", tmp_path / "link", tmp_path / "pipe"
    file.write_bytes(b"12345")
    link.symlink_to(file)
    os.mkfifo(pipe)
    assert read_regular(file, 5) == b"12345"
    for path, number in (
        (file, errno.EFBIG),
        (link, errno.ELOOP),
        (pipe, errno.EINVAL),
    ):
        with pytest.raises(OSError) as caught:
            read_regular(path, 4)
        assert caught.value.errno == number
    # The kernel tells no size of what it makes up.
    with pytest.raises(OSError) as caught:
        read_regular(Path("/proc/self/maps"), 100)
    assert caught.value.errno == errno.EFBIG


@pytest.mark.parametrize("levels", [1_050, 3_000])
@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_an_archive_is_not_unpacked_deeper_than_it_is_read(tmp_path, levels, suffix):
    archive = tmp_path / f"alice.{suffix}"
    inside = "d/" * levels + "m.py"
    if suffix == "zip":
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("raft.py", RAFT)
            opened.writestr(inside, RAFT)
    else:
        with tarfile.open(archive, "w") as opened:
            for name in ("raft.py", inside):
                info = tarfile.TarInfo(name)
                info.size = len(RAFT)
                opened.addfile(info, io.BytesIO(RAFT.encode()))
    found = find_submission(archive, tmp_path / "unpacked")
    assert [file.name for file in found.path.iterdir()] == ["raft.py"]
