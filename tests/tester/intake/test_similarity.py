"""Submissions that have much code in common."""

import re
from pathlib import Path

import pytest

from tester.intake import similarity
from tester.intake.similarity import code_hashes, similar_pairs

ROOT = Path(__file__).resolve().parents[3]
POLLING = ROOT / "tests/submissions/polling"
OTHERS = {
    "reference": ROOT / "raft",
    "asyncio": ROOT / "tests/submissions/asyncio_raft",
    "polling": POLLING,
}


@pytest.fixture
def renamed(tmp_path):
    """Return polling with other names, comments and blank lines."""
    for file in POLLING.rglob("*.py"):
        text = file.read_text()
        for name in ("term", "votes", "entries", "peer", "index", "deadline"):
            text = re.sub(rf"\b{name}\b", f"my_{name}", text)
        text = re.sub(r'"[^"\n]{8,}"', '"other words"', text)
        text = text.replace("\n\n", "\n\n# A remark of my own.\n\n")
        copy = tmp_path / file.relative_to(POLLING)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
    return tmp_path


def test_a_renamed_copy_is_found_and_no_other_pair(renamed):
    (pair,) = similar_pairs({**OTHERS, "renamed": renamed})
    assert (pair.one, pair.other) == ("polling", "renamed")
    assert pair.share > 0.9


def test_what_is_handed_out_does_not_count(renamed):
    assert not similar_pairs({"polling": POLLING, "renamed": renamed}, [POLLING])


@pytest.mark.unmeasured
def test_what_much_of_the_class_has_does_not_count(renamed):
    many = {f"student{n}": renamed for n in range(similarity.COMMON_MIN + 1)}
    assert not similar_pairs(many)
    assert similar_pairs(dict(list(many.items())[:2]))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0",
        b"def f(:\n  (",
        b"\xff\xfe",
        b"(" * 5000,
        b"'''never ends",
        b"x = 1\n",
    ],
    ids=["empty", "nulls", "torn", "not UTF-8", "deep", "endless", "short"],
)
def test_what_is_no_python_is_like_nothing(content, tmp_path):
    (tmp_path / "raft.py").write_bytes(content)
    found = code_hashes(tmp_path)
    assert len(found) < similarity.HASHES_MIN
    assert not similar_pairs({"one": tmp_path, "other": tmp_path})


def test_services_without_a_raft_of_their_own_are_compared():
    assert len(code_hashes(ROOT / "tests/services/kv_threads")) > similarity.HASHES_MIN


def test_what_is_not_there_or_too_large_is_like_nothing(tmp_path, monkeypatch):
    assert code_hashes(tmp_path / "nowhere") == set()
    monkeypatch.setattr(similarity, "SOURCE_BYTES_MAX", 10)
    assert code_hashes(POLLING) == set()


def test_the_pairs_are_bounded_and_in_order(renamed, monkeypatch):
    monkeypatch.setattr(similarity, "COMMON_MIN", 100)
    monkeypatch.setattr(similarity, "PAIRS_MAX", 2)
    found = similar_pairs(
        {"c": renamed, "polling": POLLING, "a": renamed, "b": renamed}
    )
    assert [(pair.one, pair.other, pair.share) for pair in found] == [
        ("a", "b", 1.0),
        ("c", "a", 1.0),
    ]
