"""What jobs need is packed once, and sent to each worker once."""

from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.cluster_engine import sending
from tester.cluster_engine.content import TooLarge, unpack
from tester.cluster_engine.sending import Contents
from tester.detection.mutants import find_mutants, reference
from tester.workers.job import LoadJob, RunJob


@pytest.fixture
def notes():
    return []


@pytest.fixture
def contents(notes):
    return Contents(notes.append)


def test_a_worker_is_sent_what_it_lacks(contents, dictator, tmp_path):
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_own.py").write_text("# a test")
    job = RunJob(
        path=str(dictator().path), name="fake", test="test_own", seed=0,
        suite=str(tmp_path / "suite"),
    )  # fmt: skip
    assert contents.can_travel(job)
    first = contents.order("1", 0, job, "a", with_content=False)
    assert first.submission.data
    assert first.suite.data
    assert first.suite.name == "suite"
    again = contents.order("1", 0, job, "a", with_content=False)
    assert (again.submission.data, again.suite.data) == (b"", b"")
    assert again.submission.digest == first.submission.digest
    assert contents.order("1", 0, job, "a", with_content=True) == first
    assert contents.order("1", 0, job, "b", with_content=False) == first
    contents.forget("a")
    assert contents.order("1", 0, job, "a", with_content=False) == first
    assert not contents.order("1", 0, job, "b", with_content=False).submission.data


def test_what_cannot_be_sent_is_noted_once(contents, dictator, notes, monkeypatch):
    gone = LoadJob(path="/nowhere", name="gone")
    assert not contents.can_travel(gone)
    assert not contents.can_travel(gone)
    assert len(notes) == 1
    assert "/nowhere is missing, or too large to be sent" in notes[0]

    def pack(path, beside):
        raise TooLarge

    monkeypatch.setattr(sending, "pack", pack)
    assert not contents.can_travel(LoadJob(path=str(dictator().path), name="large"))


def test_a_single_file_takes_along_what_it_imports(contents, tmp_path):
    (mutant,) = find_mutants(["second_vote"])
    job = LoadJob(path=str(mutant.path), name="second_vote")
    assert contents.can_travel(job)
    sent = contents.order("1", 0, job, "a", with_content=False).submission
    there = Submission.find(unpack(sent.data, tmp_path))
    assert there.path == tmp_path / "second_vote.py"
    assert there.digest == mutant.submission().digest
    assert "raft.raft" in there.files


def test_a_link_to_a_submission_travels_as_what_it_leads_to(contents, tmp_path):
    job = LoadJob(path=str(reference().path), name="reference")
    assert Path(job.path).is_symlink()
    assert contents.can_travel(job)
    sent = contents.order("1", 0, job, "a", with_content=False).submission
    there = Submission.find(unpack(sent.data, tmp_path))
    assert there.digest == reference().submission().digest
