"""Evidence: what was seen at one server at one time, which a failure may rest on."""

from collections.abc import Iterable
from typing import Protocol

from labrpc.errors import Fact


class Evidence(Protocol):
    """What was seen; its text is put together only if something is wrong."""

    @property
    def server(self) -> int:
        """Where it was seen."""

    @property
    def time_ns(self) -> int:
        """When, in virtual nanoseconds."""


def facts(shown_by: Iterable[Evidence]) -> list[Fact]:
    """Return what was seen as facts that contradict each other, in order of time."""
    found = [Fact(seen.server, seen.time_ns, str(seen)) for seen in shown_by]
    return sorted(found, key=lambda fact: fact.time_ns)
