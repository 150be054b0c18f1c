"""Whose fault it is, as a type.

`SubmissionError` is the student's: it fails a test. `LabError` is ours, or
the machine's: it makes a run *unknown*, and never costs points. `CtrlC` is
the user's wish.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent

from labrpc.codes import Code

# Longer texts are a submission's, which may hand over megabytes: nobody reads them,
# and a grading keeps one for each run.
HEADLINE_CHARS_MAX = 1_000
EVIDENCE_CHARS_MAX = 20_000
# Of one run; servers that are started again and again could bring about any number.
WARNINGS_MAX = 100


@dataclass(frozen=True)
class Fact:
    """One of the facts that contradict each other in a failure.

    Attributes:
        server: where it was seen.
        time_ns: when, in virtual nanoseconds.
        text: what it is.
    """

    server: int
    time_ns: int
    text: str


class SubmissionError(Exception):
    """The submission broke a rule; the test that sees it has failed.

    Attributes:
        code: what is wrong, under a name that stays.
        headline: one line that names what is wrong, cut where it is too long.
        evidence: further lines: stacks, conflicting facts, what to do next; cut, too.
        facts: those that contradict each other, so that a view can mark them.
    """

    def __init__(
        self,
        code: Code,
        headline: str,
        evidence: str = "",
        facts: Sequence[Fact] = (),
    ) -> None:
        headline = headline[:HEADLINE_CHARS_MAX].replace("\n", " ")
        super().__init__(headline)
        self.code = code
        self.headline = headline
        self.evidence = evidence[:EVIDENCE_CHARS_MAX]
        self.facts = tuple(facts)

    def __str__(self) -> str:
        """Return the headline, then the evidence."""
        return f"{self.headline}\n{self.evidence}".rstrip()


def as_said_by_box(evidence: str) -> str:
    """Return a box's evidence as it stands in a report: indented, line by line.

    So that no line of a submission's can pass for one of the lab's.
    """
    return indent(evidence[:EVIDENCE_CHARS_MAX], "  ")


class LoadError(SubmissionError):
    """The submission cannot be loaded: nothing of it can be tested."""


class LabError(Exception):
    """The lab itself is wrong or was misused; nobody loses points to it."""


class CtrlC(KeyboardInterrupt):
    """A person's Ctrl-C, and no KeyboardInterrupt that a server has raised."""
