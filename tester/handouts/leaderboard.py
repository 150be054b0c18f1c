"""What a Raft is like, for Gradescope's leaderboard."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from labrpc.machine.lab_process import lab_command
from tester.measuring.figures import FIGURES
from tester.reports.gradescope import LeaderboardEntry

_DECIMALS = 3
# Options of `grade` that `measure` has as well, each with the number of its values.
_SHARED = {"--isolation": 1, "--require-sandbox": 0, "--jobs": 1}


def measure_command(
    submission: Path, out: Path, trials: int, options: Sequence[str]
) -> list[str]:
    """Return the command that measures a submission.

    Args:
        submission: what a student has handed in.
        out: the folder that gets the files.
        trials: how many elections.
        options: those of the grading.
    """
    command = lab_command("grade", "measure", submission, "--single", "--no-reference")
    command += ["--trials", str(trials), "--out", str(out)]
    words = list(options)
    while words:
        name = words.pop(0)
        if name.partition("=")[0] in _SHARED:
            values = 0 if "=" in name else _SHARED[name]
            command += [name, *words[:values]]
    return command


class _Summary(msgspec.Struct):
    """A figure in measure.json; only its median is read."""

    median: float


class _Submission(msgspec.Struct):
    figures: dict[str, _Summary]


class _MeasureFile(msgspec.Struct):
    """measure.json, of any version."""

    submissions: list[_Submission]


def leaderboard(out: Path) -> list[LeaderboardEntry]:
    """Return the entries of the one submission that was measured, none if it was not."""
    try:
        content = (out / "measure.json").read_bytes()
        (submission,) = msgspec.json.decode(content, type=_MeasureFile).submissions
    except (OSError, msgspec.DecodeError, ValueError):
        return []
    return [
        LeaderboardEntry(
            name=f"{figure.title} ({figure.unit})" if figure.unit else figure.title,
            value=round(submission.figures[figure.name].median, _DECIMALS),
        )
        for figure in FIGURES
        if figure.name in submission.figures
    ]
