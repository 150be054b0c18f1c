"""Whose fault it is, as a type.

`SubmissionError` is the student's: it fails a test. `LabError` is ours, or
the machine's: it makes a run *unknown*, and never costs points. `CtrlC` is
nobody's.
"""

from labrpc.codes import Code


class SubmissionError(Exception):
    """The submission broke a rule; the test that sees it has failed.

    Attributes:
        code: what is wrong, under a name that stays.
        headline: one line that names what is wrong.
        evidence: further lines: stacks, conflicting facts, what to do next.
    """

    def __init__(self, code: Code, headline: str, evidence: str = "") -> None:
        super().__init__(headline)
        self.code = code
        self.headline = headline
        self.evidence = evidence

    def __str__(self) -> str:
        """Return the headline, then the evidence."""
        return f"{self.headline}\n{self.evidence}".rstrip()


class LoadError(SubmissionError):
    """The submission cannot be loaded: nothing of it can be tested."""


class LabError(Exception):
    """The lab itself is wrong or was misused; nobody loses points to it."""


class CtrlC(KeyboardInterrupt):
    """A person's Ctrl-C, and no KeyboardInterrupt that a server has raised."""
