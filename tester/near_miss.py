"""What to say of a word that is not among those known."""

import difflib
from collections.abc import Iterable


def unknown(word: str, known: Iterable[str]) -> str:
    """Return what is known, and which of it was perhaps meant."""
    known = list(known)
    listed = f"there are {', '.join(known)}"
    near = difflib.get_close_matches(word, known, 1)
    return (
        f"{word} (did you mean {near[0]}?); {listed}" if near else f"{word}; {listed}"
    )
