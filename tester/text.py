"""What to say of a word that is not among those known."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return what of the known was perhaps meant, None if nothing is near."""
    return next(iter(difflib.get_close_matches(word, known, 1)), None)


def unknown(word: str, known: Iterable[str]) -> str:
    """Return what is known, and which of it was perhaps meant."""
    known = list(known)
    listed = f"there are {', '.join(known)}"
    near = nearest(word, known)
    return f"{word} (did you mean {near}?); {listed}" if near else f"{word}; {listed}"
