"""Archives from strangers: unpacked within bounds and inside the folder, or refused.

Whatever the bytes: nothing outside the folder changes, what lies in it are plain files
of no more than the bounds, each with content that the archive holds under its name; or
the archive is refused, and nothing is left of it. No other exception leaves `unpack`.
"""

import bz2
import gzip
import io
import lzma
import os
import random
import re
import stat
import tarfile
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tester.intake import archives

FUZZ = settings.get_profile("fuzz")
BOUNDS = archives.Bounds(files=2, bytes=30)
BESIDE = b"what lies beside the folder"


def files_below(directory):
    """Return path to content of every entry that is no folder, links not followed."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            assert stat.S_ISREG(mode), f"{path} is no plain file"
            found[os.path.relpath(path, directory)] = Path(path).read_bytes()
    return found


def check(module, package):
    """Unpack an archive and look at what has become of the disk."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        archive, target = root / f"a{package.suffix}", root / "in" / "to"
        archive.write_bytes(package.packed(root))
        target.mkdir(parents=True)
        (root / "in" / "beside").write_bytes(BESIDE)
        try:
            module.unpack(archive, target, BOUNDS)
            unpacked = files_below(target)
        except module.RefusedArchive as refused:
            reason, unpacked = str(refused), {}
            assert reason.isprintable(), reason
            assert not target.exists(), reason
        everything = files_below(root)
        assert len(everything) == 2 + len(unpacked), "a file lies outside the folder"
        assert everything["in/beside"] == BESIDE
        assert len(unpacked) <= BOUNDS.files
        assert sum(map(len, unpacked.values())) <= BOUNDS.bytes
        if package.damage == "none":
            packed = {content for _, _, content in package.members}
            assert set(unpacked.values()) <= packed | {b""}


# What is packed.

GOOD_NAMES = st.sampled_from(["raft.py", "a.py", "b.py", "c.py", "raft/d.py"])
PARTS = st.sampled_from(
    ["raft", "a", "b.py", "..", ".", "", ".git", "__pycache__", "pyvenv.cfg", "C:", "\\",
     "site-packages", "n" * 300, "\0", "\udce9", "é", "\x1b[2J", "\n", "CON", "{root}"]
)  # fmt: skip
# No name leads out of the check's own folder, not even from an `unpack` with a bug: it has
# at most two steps upwards, and one that begins at the root begins at that folder.
ODD_NAMES = (
    st.lists(PARTS, min_size=1, max_size=3)
    .map("/".join)
    .map(partial(re.sub, r"^[/\\]+", "{root}/"))
)
LEADING_OUT = st.sampled_from(["../x.py", "a/../../x.py", "{root}/x.py", "..\\x.py"])
# Mostly good ones, since a single bad one has the whole archive refused.
NAMES = st.one_of(GOOD_NAMES, GOOD_NAMES, GOOD_NAMES, LEADING_OUT, ODD_NAMES)
KINDS = [
    "file",
    "file",
    "file",
    "file",
    "file",
    "folder",
    "link",
    "second name",
    "device",
]
CONTENTS = st.binary(max_size=4) | st.just(bytes(BOUNDS.bytes + 1))
MEMBERS = st.lists(st.tuples(NAMES, st.sampled_from(KINDS), CONTENTS), max_size=5)
TAR_TYPES = {
    "file": tarfile.REGTYPE,
    "folder": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "second name": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
}
ZIP_MODES = {
    "file": stat.S_IFREG,
    "folder": stat.S_IFDIR,
    "link": stat.S_IFLNK,
    "second name": stat.S_IFREG,
    "device": stat.S_IFCHR,
}
COMPRESSIONS = {
    ".tar": lambda data: data,
    ".tar.gz": gzip.compress,
    ".tar.bz2": bz2.compress,
    ".tar.xz": partial(lzma.compress, preset=0),
}


def zipped(members, way):
    """Return a zip of members; with names that zipfile would not write as they are."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", way) as packing:
        warnings.simplefilter("ignore")  # Of names that come twice.
        for name, kind, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name.encode(errors="replace").decode()
            info.external_attr = (ZIP_MODES[kind] | 0o644) << 16
            info.compress_type = way
            packing.writestr(info, content)
    return out.getvalue()


def tarred(members):
    """Return a tar of members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as packing:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = TAR_TYPES[kind], "../beside"
            info.size = len(content) if kind == "file" else 0
            packing.addfile(info, io.BytesIO(content))
    return out.getvalue()


def damaged(data, seed):
    """Return bytes some of which are changed, left out, or put in."""
    chance, changed = random.Random(seed), bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randint(0, len(changed)), chance.randint(0, 8)
        put_in = chance.randbytes(chance.choice([length, length, 0, 8]))
        changed[at : at + length] = put_in
    end = chance.choice([len(changed), chance.randint(0, len(changed))])
    return bytes(changed[:end])


@dataclass
class Package:
    """An archive to be: what is in it, and what becomes of its bytes."""

    suffix: str
    members: list[tuple[str, str, bytes]]
    damage: str
    seed: int

    def packed(self, root):
        """Return its bytes; `root` is where absolute names begin."""
        if self.damage == "noise":
            return random.Random(self.seed).randbytes(self.seed % 700)
        members = [(n.replace("{root}", str(root)), *m) for n, *m in self.members]
        if self.suffix == ".zip":
            ways = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
            data, compress = zipped(members, ways[self.seed % 2]), bytes
        else:
            data, compress = tarred(members), COMPRESSIONS[self.suffix]
        if self.damage == "inside":
            return compress(damaged(data, self.seed))
        if self.damage == "outside":
            return damaged(compress(data), self.seed)
        return compress(data)


SUFFIXES = st.sampled_from([".zip", *COMPRESSIONS])
SEEDS = st.integers(0, 1 << 32)
WHOLE = st.builds(Package, SUFFIXES, MEMBERS, st.just("none"), SEEDS)
DAMAGE = st.sampled_from(["inside", "outside", "noise"])
DAMAGED = st.builds(Package, SUFFIXES, MEMBERS, DAMAGE, SEEDS)


@pytest.mark.slow
@FUZZ
@given(WHOLE | DAMAGED)
def test_an_archive_is_unpacked_within_bounds_or_refused(package):
    check(archives, package)


PLANTED = {
    "an absolute name is taken": ("path.is_absolute()", "False"),
    "bytes are not counted": (
        "    try:\n        with _opened(archive, bounds) as members:\n            checked =",
        "    bounds = replace(bounds, bytes=1 << 30)\n"
        "    try:\n        with _opened(archive, bounds) as members:\n            checked =",
    ),
    "files are not counted": ("> bounds.files:", "< 0:"),
    "an absurd name is another error": ("        if is_disk_trouble(exc):", "        if True:"),
    "what was unpacked before is left": (
        "    except (RefusedArchive, OSError):\n        shutil.rmtree(directory, ",
        "    except (RefusedArchive, OSError):\n        dict(",
    ),
}  # fmt: skip


@pytest.mark.unmeasured
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, plant, finds):
    assert finds(WHOLE, check, archives, plant(archives, *PLANTED[bug]))
