"""The keeper of a box, as the box sees it: the zygote that has made it."""

from typing import Protocol

from labrpc.isolated.messages import Ended


class Keeper(Protocol):
    """What a box asks of the zygote that has made it."""

    def look_if_due(self) -> None:
        """End the run if it has taken too much, and nobody has looked for a moment."""

    def await_end(self, pid: int) -> Ended:
        """Return how a box has ended, once it has."""

    def note_end(self, pid: int) -> None:
        """Count what a box has used that is about to be killed."""

    def check_memory(self, ended_bytes_max: int) -> None:
        """End the run if its servers had too much memory when one was killed."""

    def stuck_call(self, stack: bytes) -> tuple[str, str]:
        """Return reason and evidence for a call into C that did not return."""
