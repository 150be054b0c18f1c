"""What goes wrong where Python can only print it: in `__del__`, most of all."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def told_of_finalizers(warnings: dict[str, None]) -> Iterator[None]:
    """Make warnings of exceptions that nobody can catch, while the block runs."""

    def note(ignored: Any) -> None:
        where = getattr(ignored.object, "__qualname__", type(ignored.object).__name__)
        said = traceback.format_exception_only(ignored.exc_type, ignored.exc_value)
        warnings.setdefault(f"an exception in {where} was ignored: {said[-1].strip()}")

    before, sys.unraisablehook = sys.unraisablehook, note
    try:
        yield
    finally:
        sys.unraisablehook = before
