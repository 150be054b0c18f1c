"""What came of one graded run: passed, failed, or unknown.

*Failed* is the submission's fault. *Unknown* is ours (the lab broke, the
machine ran out of memory, the run was interrupted), and never costs points.
"""

import enum
from collections.abc import Mapping

import msgspec

from labrpc.codes import Code
from labrpc.errors import EVIDENCE_CHARS_MAX, HEADLINE_CHARS_MAX
from tester.text import block, encodable_text, one_line

# How many warnings stand beside a failure.
WARNINGS_SHOWN = 5
# A command; its paths may be long.
REPLAY_CHARS_MAX = 10_000
HINTS = 'hints: docs/symptoms.md, "Test by test",'


class Verdict(enum.StrEnum):
    """The three outcomes of a run."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class RunWarning(msgspec.Struct, frozen=True):
    """A likely mistake that breaks no rule, and its code."""

    code: str
    text: str


class Run(msgspec.Struct, kw_only=True):
    """One test of one submission at one seed; a row of results.json.

    Attributes:
        submission: its name, as in the reports.
        part: "2A" to "2D".
        test: the test function's name.
        points: what the test is worth.
        code: the stable name of what is wrong (docs/failures.md), "" when it passed.
        reason: one line that says what is wrong, "" when it passed.
        evidence: what the reason rests on: states, stacks, advice.
        replay: the command that runs exactly this again.
        picture: the file with a picture of the run, "" if none was drawn.
        virtual_s: virtual seconds that the scenario took.
        cpu_s: CPU seconds that the run took.
        idle_s: whole seconds of it in which its processes slept for real.
        rpcs: RPCs that servers have sent.
        bytes: bytes of requests and of delivered replies.
        commits: the highest index that was applied.
        digest: the trace's digest, if it was asked for.
        retried: this is a second try, made alone: the first one came to no verdict, or
            was stopped for the time that it took.
        hidden: the seed is a secret: no student may see it, or the replay command.
        suite: the name of the instructor's suite that the test is of, "" for the lab's.
        hidden_test: the test is a secret: no student may see a line of it, or the
            replay command.
        situations: which of `tester.situations` it met, if that was asked for.
    """

    submission: str
    part: str
    test: str
    seed: int
    points: float
    verdict: Verdict
    code: str = ""
    reason: str = ""
    evidence: str = ""
    replay: str = ""
    picture: str = ""
    servers: int = 0
    virtual_s: float = 0.0
    cpu_s: float = 0.0
    idle_s: float = 0.0
    rpcs: int = 0
    bytes: int = 0
    commits: int = 0
    digest: str = ""
    retried: bool = False
    hidden: bool = False
    suite: str = ""
    hidden_test: bool = False
    warnings: list[RunWarning] = msgspec.field(default_factory=list)
    situations: list[str] = msgspec.field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was found wrong."""
        return self.verdict is Verdict.PASSED

    def summary(self) -> str:
        """Return 6.824's line for a test: time, servers, RPCs, bytes, commits."""
        return (
            f"{self.virtual_s:5.1f} s  {self.servers} servers  {self.rpcs:5d} RPCs  "
            f"{self.bytes:8d} bytes  {self.commits:4d} commits"
        )

    def report(self) -> str:
        """Return what a person needs to know of a run that did not pass."""
        lines = [self.reason]
        if self.evidence:
            lines += ["", self.evidence]
        if self.warnings:
            lines += ["", "odd in this run, though no test fails for that alone:"]
            lines += [f"  {warning.text}" for warning in self.warnings[:WARNINGS_SHOWN]]
        if self.picture:
            lines += ["", f"picture: {self.picture}"]
        if self.verdict is Verdict.FAILED and not self.suite:
            lines += ["", f"code: {self.code}", f"{HINTS} {self.test}"]
        if self.replay:
            lines += ["", f"replay: {one_line(self.replay, REPLAY_CHARS_MAX)}"]
        return "\n".join(lines)


def run_warnings(found: Mapping[str, Code]) -> list[RunWarning]:
    """Return the warnings of a world, each text with its code, for its run."""
    return [
        RunWarning(code.name, one_line(encodable_text(text), HEADLINE_CHARS_MAX))
        for text, code in found.items()
    ]


class LoadResult(msgspec.Struct, kw_only=True):
    """What came of loading a submission: whether its servers start at all.

    Attributes:
        submission: its name, as in the reports.
        code: the stable name of what is wrong (docs/failures.md), "" when it loads.
        reason: one line that says what is wrong, "" when it loads.
        evidence: what the reason rests on.
        retried: this is a second try, as of a run.
    """

    submission: str
    verdict: Verdict
    code: str = ""
    reason: str = ""
    evidence: str = ""
    retried: bool = False

    @property
    def passed(self) -> bool:
        """Whether its servers start."""
        return self.verdict is Verdict.PASSED


def conclude(
    result: Run | LoadResult,
    verdict: Verdict,
    code: Code,
    reason: str,
    evidence: str = "",
) -> None:
    """Note in a result what is wrong, clean and of bounded size."""
    result.verdict, result.code = verdict, code.name
    # Half of a surrogate pair would otherwise cost the submission no points: the
    # process that judges it would die of it, and the run be unknown.
    result.reason = one_line(encodable_text(reason), HEADLINE_CHARS_MAX)
    result.evidence = as_evidence(evidence)


def as_evidence(text: str) -> str:
    """Return lines that a reason rests on, clean and of bounded size."""
    return block(encodable_text(text), EVIDENCE_CHARS_MAX)


def failure_text(runs: list[Run]) -> str:
    """Return what to show of a batch in which some run did not pass."""
    bad = [run for run in runs if not run.passed]
    lines = []
    for run in bad[:1]:
        if run.verdict == "unknown":
            lines.append("UNKNOWN, not the submission's fault:")
        lines.append(run.report())
    if len(bad) > 1:
        seeds = ", ".join(str(run.seed) for run in bad[1:])
        lines.append(f"\nalso failed: {len(bad) - 1} of {len(runs)} seeds: {seeds}")
    return "\n".join(lines)
