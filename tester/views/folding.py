"""Folding: a run as the moments that tell its story, and counts of what lies between."""

from collections import Counter
from dataclasses import dataclass, field

from tester.text import counted
from tester.traces import rows
from tester.traces.reader import Trace
from tester.traces.rows import AnyRow
from tester.views.moments import Moment, moments
from tester.views.significance import significant

# One moment by itself takes no more room than what would stand for it.
FOLDED_MIN = 2
LINKS_SHOWN = 4


@dataclass
class Fold:
    """Moments one after another that tell nothing new.

    Attributes:
        moments: which.
        sent: how many requests left, by method and link.
        lost: how many messages were lost, by the reason.
        refused: how many calls of `start` were refused.
        accepted: how many were accepted.
        applied: how many commands were applied, by server.
        called: how many operations of a service were called.
        returned: how many returned.
    """

    moments: list[Moment]
    sent: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    accepted: int = 0
    applied: Counter[int] = field(default_factory=Counter)
    called: int = 0
    returned: int = 0

    def __post_init__(self) -> None:
        """Count what is in it."""
        for row in self.rows:
            if type(row) is rows.Sent:
                self.sent[row.method, row.server, row.peer] += 1
            elif type(row) is rows.Lost:
                self.lost[row.why] += 1
            elif type(row) is rows.Applied:
                self.applied[row.server] += 1
            elif type(row) is rows.Called:
                self.called += 1
            elif type(row) is rows.Returned:
                self.returned += 1
            elif type(row) is rows.Proposed and row.leads:
                self.accepted += 1
            elif type(row) is rows.Proposed:
                self.refused += 1

    @property
    def t(self) -> int:
        """When it begins, in virtual nanoseconds."""
        return self.moments[0].t

    @property
    def until_t(self) -> int:
        """When it ends."""
        return self.moments[-1].t

    @property
    def rows(self) -> list[AnyRow]:
        """Every row in it."""
        return [row for moment in self.moments for row in moment.rows]

    def text(self) -> str:
        """Return what it stands for."""
        parts = []
        methods = dict.fromkeys(method for method, _, _ in self.sent)
        for method in methods:
            links = {
                f"{src}→{dst}": count
                for (name, src, dst), count in self.sent.items()
                if name == method
            }
            shown = ", ".join(list(links)[:LINKS_SHOWN])
            more = ", …" if len(links) > LINKS_SHOWN else ""
            parts.append(f"{sum(links.values())} {method} {shown}{more}")
        if self.lost:
            why = ", ".join(f"{count} {why}" for why, count in self.lost.items())
            parts.append(f"lost: {why}")
        if self.refused:
            parts.append(f"start() refused {counted(self.refused, 'time')}")
        if self.accepted:
            parts.append(f"start() accepted {counted(self.accepted, 'time')}")
        if self.applied:
            commands = ", ".join(
                f"{count} by server {server}"
                for server, count in sorted(self.applied.items())
            )
            parts.append(f"commands applied: {commands}")
        if self.called:
            parts.append(f"{counted(self.called, 'operation')} called")
        if self.returned:
            parts.append(f"{counted(self.returned, 'operation')} returned")
        if not parts:
            return f"… {counted(len(self.moments), 'moment')} in which nothing changed"
        return "… " + "; ".join(parts)


Shown = Moment | Fold
"""A line of a view."""


def folded(trace: Trace) -> list[Shown]:
    """Return a run with its repeats and losses folded."""
    every = moments(trace)
    return fold(every, significant(trace, every))


def fold(every: list[Moment], is_significant: list[bool]) -> list[Shown]:
    """Return moments with those that are not significant folded."""
    shown: list[Shown] = []
    waiting: list[Moment] = []

    def end_fold() -> None:
        if len(waiting) >= FOLDED_MIN:
            shown.append(Fold(list(waiting)))
        else:
            shown.extend(waiting)
        waiting.clear()

    for moment, new in zip(every, is_significant, strict=True):
        if new:
            end_fold()
            shown.append(moment)
        else:
            waiting.append(moment)
    end_fold()
    return shown
