"""Showing the lines that servers print, while the run goes on."""

import sys
from collections.abc import Callable


def live_lines(heading: str) -> Callable[[str], None]:
    """Return a function that prints lines at once, and the heading before the first."""
    begun = False

    def show(line: str) -> None:
        nonlocal begun
        # pytest may have begun a line of its own.
        text = f"{line}\n" if begun else f"\n{heading}\n{line}\n"
        begun = True
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()

    return show
