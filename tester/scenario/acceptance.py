"""A command that a server has accepted as leader."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Acceptance:
    """One call of `start` that a leader has accepted.

    Attributes:
        server: the leader.
        index: where it has put the command.
        time_s: when, in virtual seconds.
    """

    server: int
    index: int
    time_s: float

    def __str__(self) -> str:
        """Return the server and the index, for a report."""
        return f"server {self.server} at index {self.index}"
