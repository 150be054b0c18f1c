"""Which of a student's attempts counts."""

from pathlib import Path

import pytest

from tester.intake.attempts import attempt_order, keep_last_attempt
from tester.intake.uploads import HandIn, Upload


@pytest.mark.parametrize(
    "in_order",
    [
        ["2026-01-05-10-11-12", "2026-01-05-11-11-12", "2026-01-06-09-00-00"],
        ["Dec 31, 2025 1159 PM", "Jan 5, 2026 1211 AM", "Jan 5, 2026 911 AM",
         "Jan 5, 2026 1211 PM", "Jan 5, 2026 911 PM", "February 1, 2026 0100 AM"],
        ["5 Jan 2026 09:59", "5 Jan 2026 10:11", "12 Mar 2026 00:00"],
        ["1", "2", "10"],
        ["attempt2", "attempt10"],
        ["", "1"],
    ],
)  # fmt: skip
def test_attempts_have_an_order(in_order):
    shuffled = [*in_order[1::2], *in_order[::2]]
    assert sorted(shuffled, key=attempt_order) == in_order


def upload(file, attempt="", is_receipt=False):
    return Upload(Path(file), file, attempt=attempt, is_receipt=is_receipt)


def kept(*uploads):
    hand_in = HandIn(["jane"], list(uploads))
    keep_last_attempt(hand_in)
    return [upload.name for upload in hand_in.uploads], hand_in.notes


def test_the_last_attempt_counts_with_all_its_files():
    files, notes = kept(
        upload("old.py", "9"), upload("a.py", "10"), upload("b.py", "10")
    )
    assert files == ["a.py", "b.py"]
    assert notes == ["graded the attempt 10, the last one; there are 2"]


def test_a_single_attempt_is_not_mentioned():
    assert kept(upload("a.py", "1"), upload("1.txt", "1", True)) == (["a.py"], [])
    assert kept(upload("a.py"), upload("b.py")) == (["a.py", "b.py"], [])


def test_a_receipt_is_no_attempt_beside_files_and_all_there_is_without():
    files, notes = kept(upload("a.py", "1"), upload("2.txt", "2", is_receipt=True))
    assert files == ["a.py"]
    assert notes == [
        "graded the attempt 1, though a later one has no file; there are 2"
    ]
    assert kept(upload("2.txt", "2", is_receipt=True)) == (["2.txt"], [])
