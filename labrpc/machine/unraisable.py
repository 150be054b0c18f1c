"""Exceptions that Python can only print, most of them raised in `__del__`."""

import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from labrpc.codes import EXCEPTION_IGNORED, Code
from labrpc.errors import HEADLINE_CHARS_MAX, WARNINGS_MAX

# How Python describes an object that it does not hand over.
_DESCRIBED = re.compile(r"(\S+) at 0x[0-9a-f]+>")
_DESCRIPTION_CHARS_MAX = 1_000


@contextmanager
def unraisable_as_warnings(warnings: dict[str, Code]) -> Iterator[None]:
    """Turn exceptions that cannot be caught into warnings while the block runs."""

    def note(ignored: Any) -> None:
        said = traceback.format_exception_only(ignored.exc_type, ignored.exc_value)
        text = f"an exception{_place(ignored)} was ignored: {said[-1].strip()}"
        if len(warnings) < WARNINGS_MAX:
            warnings.setdefault(text[:HEADLINE_CHARS_MAX], EXCEPTION_IGNORED)

    before, sys.unraisablehook = sys.unraisablehook, note
    try:
        yield
    finally:
        sys.unraisablehook = before


def _place(ignored: Any) -> str:
    """Return " in " and the name of what raised, "" if that is unknown.

    From Python 3.14 on, some objects are described in the message only.
    """
    if ignored.object is not None:
        kind = type(ignored.object).__name__
        return f" in {getattr(ignored.object, '__qualname__', kind)}"
    described = _DESCRIBED.search((ignored.err_msg or "")[:_DESCRIPTION_CHARS_MAX])
    return f" in {described[1]}" if described else ""
