"""One version of a key: who may have written it, and between which events.

Let W(v) be the moment at which version v of the key was written. Version 0, the key
that is not there, was written before the first event. W(v) lies after the call of the
put that wrote v, and before the return of whatever showed v or a later version.
"""

import sys
from dataclasses import dataclass, field

from tester.oracles.linearizability.operation import Operation

NEVER = sys.maxsize


@dataclass(frozen=True, slots=True)
class Bound:
    """Why a version was written after an event: the call of one operation.

    Attributes:
        event: the number of that event.
        operation: a put that wrote the version; a get that showed an earlier one; or
            a put that was refused, for which the version before was not there yet.
        refused: whether it is the last of these.
        next_bound: for a refused put, why the version that replaced the one it gave
            was written after its return; None if no put can have written that.
    """

    event: int
    operation: Operation
    refused: bool = False
    next_bound: "Bound | None" = None


@dataclass(slots=True)
class Version:
    """What is known about one version of a key.

    Attributes:
        number: the version.
        after: the last event that W(number) surely follows, 0 if there is none.
        shown_at: the event by which the version had been written, `NEVER` if nothing
            has shown it or a later one.
        shown_by: the operation that returned then.
        puts: by value, each put that would write this version.
        writers: those that may have written it, by id, in the order of their calls.
        writer: the one that did, None if it is not known.
        writer_shown_by: the operation that showed who did.
        refused: the puts that gave this version to be replaced and were refused, or
            perhaps were, in the order of their returns.
        replaced_after: how many of these are known to have returned before this
            version was replaced.
    """

    number: int
    after: int = 0
    shown_at: int = NEVER
    shown_by: Operation | None = None
    puts: dict[str, Operation] = field(default_factory=dict)
    writers: dict[int, Operation] = field(default_factory=dict)
    writer: Operation | None = None
    writer_shown_by: Operation | None = None
    refused: list[Operation] = field(default_factory=list)
    replaced_after: int = 0

    def first_writer(self) -> Operation | None:
        """Return the put that was called first of those that may have written it."""
        return next(iter(self.writers.values()), None)

    def refused_before(self, event: int) -> Operation | None:
        """Return the refused put called last, of those that returned before an event.

        Each is looked at once: events rise from one call of this method to the next.
        """
        latest: Operation | None = None
        refused = self.refused
        while self.replaced_after < len(refused):
            put = refused[self.replaced_after]
            if put.returned_at >= event:
                break
            if latest is None or put.called_at > latest.called_at:
                latest = put
            self.replaced_after += 1
        return latest
