"""Each refusal has a code that stays, whatever its words."""

import io
import tarfile
import zipfile

import pytest

from tester.codes import ALL_CODES
from tester.intake import archives
from tester.intake.archives import Bounds

RAFT = "class Raft: pass\n"
ENCRYPTED = 0x1


def as_encrypted(data):
    """Return a zip that says that its only file takes a password."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        changed[data.index(mark) + offset] |= ENCRYPTED
    return bytes(changed)


def packed_by(way):
    """Return a zip that is compressed in some way."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as packing:
        packing.writestr("raft.py", RAFT)
    return out.getvalue()


def with_a_link():
    """Return a tar in which a module is a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as packing:
        link = tarfile.TarInfo("raft/raft.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packing.addfile(link)
        packing.addfile(tarfile.TarInfo("raft/__init__.py"))
    return out.getvalue()


@pytest.fixture
def upload(zipped, tmp_path):
    """Return what a student handed in, by the code of its refusal."""
    data = zipped(tmp_path, {"raft.py": RAFT})
    return {
        "nothing-handed-in": {},
        "no-program": {"": b"an essay"},
        "no-raft-found": {"README.md": b""},
        "several-rafts": {"old/raft.py": b"", "new/raft.py": b"", "x": b""},
        "several-archives": {"a.zip": data, "b.zip": data},
        "unsupported-archive": {"raft.7z": b""},
        "damaged-archive": {"raft.zip": data[:40]},
        "empty-archive": {"raft.zip": zipped(tmp_path, {})},
        "encrypted-archive": {"raft.zip": as_encrypted(data)},
        "unusual-compression": {"raft.zip": packed_by(zipfile.ZIP_BZIP2)},
        "upload-too-large": {
            "raft.zip": zipped(tmp_path, dict.fromkeys(["a.py", "b.py", "c.py"], ""))
        },
        "path-leads-out": {"raft.zip": zipped(tmp_path, {"../raft.py": RAFT})},
        "link-in-archive": {"raft.tar": with_a_link()},
    }


CODES = [
    "nothing-handed-in", "no-program", "no-raft-found", "several-rafts",
    "several-archives", "unsupported-archive", "damaged-archive", "empty-archive",
    "encrypted-archive", "unusual-compression", "upload-too-large", "path-leads-out",
    "link-in-archive",
]  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_what_is_refused_has_a_code(tmp_path, find, write, upload, monkeypatch, code):
    monkeypatch.setattr(archives, "ONE_SUBMISSION", Bounds(files=2, bytes=1 << 20))
    monkeypatch.setattr(archives.unpack, "__defaults__", (archives.ONE_SUBMISSION,))
    monkeypatch.setattr(
        "tester.intake.unpacked.Unpacked.unpack.__defaults__",
        (archives.ONE_SUBMISSION,),
    )
    name = "alice.txt" if code == "no-program" else "alice"
    (tmp_path / "class").mkdir()
    if code != "no-program":
        (tmp_path / "class" / name).mkdir()
    for file, content in upload[code].items():
        write(tmp_path / "class", {f"{name}/{file}".rstrip("/"): content})
    intake = find(tmp_path / "class" / name, single=True)
    (refused,) = intake.refused.values()
    assert refused.code.name == code


def test_no_code_of_a_refusal_is_left_out():
    kinds = {code.name for code in ALL_CODES.values() if code.kind == "refusal"}
    assert kinds == {*CODES, "unreadable-upload", "upload-is-link"}


def test_what_cannot_be_read_has_a_code(tmp_path, find, write, monkeypatch):
    write(tmp_path / "alice", {"raft.py": RAFT})
    monkeypatch.setattr(
        "tester.intake.hand_in.innermost",
        lambda _: (_ for _ in ()).throw(OSError(13, "")),
    )
    (refused,) = find(tmp_path / "alice", single=True).refused.values()
    assert refused.code.name == "unreadable-upload"
