"""The console to which the lab's commands print.

Printed text may hold what a stranger wrote, whoever reads the output may be gone, and a
time limit may send SIGTERM: none of these may harm what a command is doing.
"""

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from tester.text import clean

# Reasons and paths are long, and outside a terminal nothing limits a line.
COLUMNS_WITHOUT_TERMINAL = 160
# Where there is no terminal, a line is printed after each such share of the work.
PLAIN_LINE_EVERY = 0.1


class LabConsole(Console):
    """A console that prints no more, but lets its command continue, once it is closed."""

    def __init__(self) -> None:
        width = None
        if not sys.stdout.isatty():
            width = shutil.get_terminal_size((COLUMNS_WITHOUT_TERMINAL, 24)).columns
        # A name such as `:cat:` is shown as it is.
        super().__init__(width=width, emoji=False)

    def on_broken_pipe(self) -> None:
        """Print no more."""
        self.quiet = True
        _discard_output()


def say(console: Console, text: str) -> None:
    """Print text without markup and without breaking its lines."""
    console.print(clean(text), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def counted_progress(
    console: Console, title: str, total: int, things: str
) -> Iterator[Callable[[int], None]]:
    """Show how many of some things are done: a bar on a terminal, plain lines elsewhere.

    Yields:
        What to call with a number of things that have just been done.
    """
    if console.is_terminal:
        columns = (
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda number: bar.advance(task, number)
        return
    done, next_line = 0, PLAIN_LINE_EVERY

    def notify(number: int) -> None:
        nonlocal done, next_line
        done += number
        if done >= next_line * total:
            say(console, f"{done} of {total} {things}")
            while next_line * total <= done:
                next_line += PLAIN_LINE_EVERY

    yield notify


@contextmanager
def output_may_close() -> Iterator[None]:
    """Let the block run to its end, even if nobody reads what it prints."""
    if sys.stdout is None:
        # Otherwise the next file that is opened would get the number of stdout.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - open to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Characters that the terminal's encoding lacks are escaped.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()


@contextmanager
def sigterm_interrupts() -> Iterator[Callable[[], bool]]:
    """Let SIGTERM, which time limits send, end the block as Ctrl-C does.

    Yields:
        A function that returns whether SIGTERM has come.
    """
    came = False

    def stop(*_: object) -> None:
        nonlocal came
        came = True
        # `timeout` sends it twice; the second must not stop the saving of results.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGTERM, before)


def _discard_output() -> None:
    """Discard what is printed from now on, and what is not written yet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
