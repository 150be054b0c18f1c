"""Submissions that travel as bytes, and the addresses to which they may."""

import os

import msgspec
import pytest

from tester.cluster_engine import content
from tester.cluster_engine.addresses import machine_of, refuse_unencrypted
from tester.cluster_engine.content import Entry, TooLarge, Tree, pack, unpack
from tester.errors import UsageError
from tester.intake.archives import Bounds
from tester.intake.duplicates import fingerprint


@pytest.fixture
def amy(tmp_path):
    amy = tmp_path / "amy"
    for name in ("raft", "raft/data", ".git", "raft/__pycache__"):
        (amy / name).mkdir(parents=True)
        (amy / name / "file.py").write_text(f"# {name}")
    (amy / "raft" / "__init__.py").write_text("class Raft: pass")
    (amy / "link.txt").symlink_to("raft/data")
    return amy


def test_what_arrives_is_what_was_sent(amy, tmp_path):
    packed = pack(amy)
    there = unpack(packed.data, tmp_path / "there")
    assert there == tmp_path / "there" / "amy"
    files = {file.relative_to(there).as_posix() for file in there.rglob("*")}
    assert files == {
        "link.txt", "raft", "raft/__init__.py", "raft/data", "raft/data/file.py",
        "raft/file.py",
    }  # fmt: skip
    assert os.readlink(there / "link.txt") == "raft/data"
    assert fingerprint(there) == fingerprint(amy) != ""
    assert pack(amy) == packed
    (amy / "raft" / "__init__.py").write_text("class Raft: more = 1")
    assert pack(amy).digest != packed.digest


def test_a_single_file_travels_too(tmp_path):
    (tmp_path / "raft.py").write_text("class Raft: pass")
    there = unpack(pack(tmp_path / "raft.py").data, tmp_path / "there")
    assert there.read_text() == "class Raft: pass"


def test_what_is_too_large_stays(amy, monkeypatch):
    monkeypatch.setattr(content, "ONE_SUBMISSION", Bounds(100, 20))
    with pytest.raises(TooLarge):
        pack(amy)
    monkeypatch.setattr(content, "ONE_SUBMISSION", Bounds(2, 1000))
    with pytest.raises(TooLarge):
        pack(amy)


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("amy", [Entry("../raft.py", b"")]),
        ("amy", [Entry("/etc/raft.py", b"")]),
        ("..", []),
        ("/", []),
        ("amy", [Entry("out", b"/tmp", is_link=True), Entry("out/raft.py", b"")]),
    ],
)
def test_nothing_is_written_outside(tmp_path, name, entries):
    data = msgspec.msgpack.encode(Tree(name, entries))
    with pytest.raises(ValueError, match=r"no place inside|behind a link"):
        unpack(data, tmp_path / "there")


def is_refused(address):
    """Return whether nothing may travel to an address."""
    try:
        refuse_unencrypted(address, "the scheduler")
    except UsageError:
        return True
    return False


@pytest.mark.parametrize(
    "address",
    [
        "tls://10.1.2.3:8786",
        "tcp://127.0.0.1:1",
        "tcp://[::1]:8786",
        "tcp://localhost:1",
    ],
)
def test_encrypted_or_on_this_machine(address):
    assert not is_refused(address)


@pytest.mark.parametrize(
    "address",
    ["tcp://10.1.2.3:8786", "tcp://node7:8786", "ucx://10.1.2.3:1", "tcp://:1"],
)
def test_what_others_could_read_is_refused(address):
    with pytest.raises(UsageError, match="is on another machine, and not encrypted"):
        refuse_unencrypted(address, "a worker")


def test_workers_on_one_machine_have_its_host_in_common():
    assert machine_of("tcp://[::1]:8786") == machine_of("tcp://[::1]:1") == "[::1]"
    assert machine_of("tls://10.1.2.3:1") != machine_of("tls://10.1.2.4:1")
