"""Failures of one test that are alike: a session shows one of them in full."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest

from tester.text import one_line
from tester.verdict import REPLAY_CHARS_MAX, Run


def runs_of(report: Any) -> list[Run]:
    """Return the runs in a report of pytest's; a graded test's alone has any."""
    return msgspec.convert(getattr(report, "lab_runs", []), list[Run])


def shorten_repeated(reports: Iterable[pytest.TestReport]) -> None:
    """Leave the text of one report of each test and code, and shorten the others'.

    The one with a picture stays, which has what the trace proves, or else the first.
    """
    alike: dict[tuple[str, str], list[tuple[pytest.TestReport, list[Run]]]] = {}
    for report in reports:
        bad = [run for run in runs_of(report) if not run.passed]
        if bad:
            key = report.nodeid.partition("[")[0], bad[0].code
            alike.setdefault(key, []).append((report, bad))
    for group in alike.values():
        whole = next((bad for _, bad in group if bad[0].picture), group[0][1])
        for report, bad in group:
            if bad is not whole:
                report.longrepr = _short_text(bad, whole[0].seed)


def _short_text(bad: Sequence[Run], seed_shown: int) -> str:
    """Return what to say of failing runs that are like one of another seed.

    Args:
        bad: the runs.
        seed_shown: of the run that is shown in full.
    """
    seeds = ", ".join(str(run.seed) for run in bad)
    return "\n".join([
        bad[0].reason,
        "",
        f"seed {seeds}: the same code, {bad[0].code}, as at seed {seed_shown}, which is "
        "shown in full; -v shows all",
        "",
        f"replay: {one_line(bad[0].replay, REPLAY_CHARS_MAX)}",
    ])  # fmt: skip
