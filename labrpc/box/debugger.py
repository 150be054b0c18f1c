"""The port for debuggers: how one looks into the boxes of this process.

A debugger is handed to the boxes when they are made; without one, `breakpoint()`
fails the test. `InProcessBox.at_prompt` stops a box while a person looks at it.
"""

from collections.abc import Callable
from typing import Any, Protocol


class Debugger(Protocol):
    """Looks into the boxes of this process."""

    @property
    def breakpoint(self) -> Callable[..., Any]:
        """What a submission calls as `breakpoint`."""

    def exception(self, exc: BaseException) -> None:
        """Learn of an exception for which a box is about to end the test."""
