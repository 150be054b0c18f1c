"""Exceptions that Python can only print, most of them raised in `__del__`."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from labrpc.codes import EXCEPTION_IGNORED, Code
from labrpc.errors import HEADLINE_CHARS_MAX, WARNINGS_MAX


@contextmanager
def unraisable_as_warnings(warnings: dict[str, Code]) -> Iterator[None]:
    """Turn exceptions that cannot be caught into warnings while the block runs."""

    def note(ignored: Any) -> None:
        where = getattr(ignored.object, "__qualname__", type(ignored.object).__name__)
        said = traceback.format_exception_only(ignored.exc_type, ignored.exc_value)
        text = f"an exception in {where} was ignored: {said[-1].strip()}"
        if len(warnings) < WARNINGS_MAX:
            warnings.setdefault(text[:HEADLINE_CHARS_MAX], EXCEPTION_IGNORED)

    before, sys.unraisablehook = sys.unraisablehook, note
    try:
        yield
    finally:
        sys.unraisablehook = before
