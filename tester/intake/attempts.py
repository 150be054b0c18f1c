"""The attempt that counts, where a platform exports several of one student."""

import re

from tester.intake.uploads import HandIn

_MONTHS = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
]


def keep_last_attempt(hand_in: HandIn) -> None:
    """Leave only the files of a student's last attempt, and note which that is.

    Receipts, which a platform writes itself, are no attempt beside one that has files.
    """
    files = [upload for upload in hand_in.uploads if not upload.is_receipt]
    if not files:
        return
    last = max((upload.attempt for upload in files), key=attempt_order)
    attempts = {upload.attempt for upload in hand_in.uploads}
    hand_in.uploads = [upload for upload in files if upload.attempt == last]
    if len(attempts) > 1:
        later = [a for a in attempts if attempt_order(a) > attempt_order(last)]
        without = ", though a later one has no file" if later else ", the last one"
        hand_in.notes.append(
            f"graded the attempt {last}{without}; there are {len(attempts)}"
        )


def attempt_order(attempt: str) -> tuple[list[int], str]:
    """Return a key that sorts attempts: by date where it is one, else by its numbers.

    Knows `2026-01-05-10-11-12` as well as `Jan 5, 2026 1011 PM`.
    """
    words = re.findall(r"[0-9]+|[a-z]+", attempt.lower())
    numbers = [int(word) for word in words if word.isdigit()]
    months = [word[:3] for word in words if word[:3] in _MONTHS]
    if not months or len(numbers) < 2:
        return numbers, attempt
    year, day = max(numbers[:2]), min(numbers[:2])
    hour, minutes = _time(numbers[2:], words)
    return [year, _MONTHS.index(months[0]) + 1, day, hour, *minutes], attempt


def _time(numbers: list[int], words: list[str]) -> tuple[int, list[int]]:
    """Return hour and minutes of a time such as `1011`, `10 11` or `10 11 PM`."""
    if numbers and numbers[0] >= 100:
        numbers = [*divmod(numbers[0], 100), *numbers[1:]]
    hour, *minutes = numbers or [0]
    if "am" in words or "pm" in words:
        hour = hour % 12 + (12 if "pm" in words else 0)
    return hour, minutes
