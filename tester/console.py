"""The console that the lab's commands speak to.

What is said may hold a stranger's text, and whoever listened may have gone: neither
may harm what the command is doing.
"""

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from tester.text import clean

# Where nobody watches, lines may be as long as the reasons need.
WIDTH_UNWATCHED = 160


class LabConsole(Console):
    """A console that falls silent, and lets its command go on, when nobody reads it."""

    def __init__(self) -> None:
        width = None
        if not sys.stdout.isatty():
            width = shutil.get_terminal_size((WIDTH_UNWATCHED, 24)).columns
        # A name such as `:cat:` is shown as it is.
        super().__init__(width=width, emoji=False)

    def on_broken_pipe(self) -> None:
        """Say no more."""
        self.quiet = True
        _lead_nowhere()


def say(console: Console, text: str) -> None:
    """Print text as it is, on lines as long as its own."""
    console.print(clean(text), highlight=False, markup=False, soft_wrap=True)


def live_lines(heading: str) -> Callable[[str], None]:
    """Return a function that prints lines at once, and the heading before the first."""
    told = False

    def show(line: str) -> None:
        nonlocal told
        # pytest may have begun a line of its own.
        text = f"{line}\n" if told else f"\n{heading}\n{line}\n"
        told = True
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()

    return show


@contextmanager
def lasting_output() -> Iterator[None]:
    """Let the block end as it would if somebody read all that it prints."""
    if sys.stdout is None:
        # Or else the next file that is opened would get its number.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - kept to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal has no letters for is spelt out.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _lead_nowhere()


@contextmanager
def terminated_like_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Let SIGTERM, which time limits send, end the block as Ctrl-C does.

    Yields:
        Whether it has come.
    """
    came = False

    def stop(*_: object) -> None:
        nonlocal came
        came = True
        # `timeout` sends it twice; what is being saved then is to be saved.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGTERM, before)


def _lead_nowhere() -> None:
    """Let what is printed from now on, or has not been written yet, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
