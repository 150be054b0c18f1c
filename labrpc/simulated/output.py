"""A server's standard output: each line that it prints goes to its box's log."""

import io
from collections.abc import Callable

# The rest of a longer line is lost.
LINE_CHARS_MAX = 10_000


class Output(io.TextIOBase):
    """A server's stdout and stderr: each line is logged.

    Args:
        log: takes each complete line.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._pending = ""

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Log every line that is now complete."""
        first, *rest = text.split("\n")
        # A server that never ends a line must not use up the memory with it.
        if len(self._pending) < LINE_CHARS_MAX:
            self._pending += first
        for line in rest:
            self._log(self._pending)
            self._pending = line
        return len(text)

    def end_line(self) -> None:
        """Log what was printed last, if its line was never ended."""
        if self._pending:
            self._log(self._pending)
            self._pending = ""
