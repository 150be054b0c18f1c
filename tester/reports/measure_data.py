"""measure.json and measure.csv: what was measured, for programs and spreadsheets.

The same seeds give the same bytes, but for the block `cpu` at the end of the JSON.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import fsum
from typing import Any

import msgspec

from tester import jsonl
from tester.measuring.figures import CPU, Figure
from tester.measuring.labs import LABS, LabMeasure
from tester.measuring.measured import Measured, Summary
from tester.text import csv_cell
from tester.versions import PYTHON, lab_version

CELL_MAX = 1_000
PointsOf = Mapping[str, Mapping[str, float]]
"""What figures have earned, by submission and figure."""
_STATISTICS = ("median", "mean", "high", "most")


@dataclass(frozen=True)
class Measurement:
    """What all files of a measurement show.

    Attributes:
        measured: one per submission.
        trials: how many of the lab's first kind were wanted of each.
        seed: of the measurement.
        reference: the name of the reference among them, "" if it is not there.
        points: what figures have earned, by submission; empty without a rubric.
        lab: the number of the lab that they are submissions of.
    """

    measured: Sequence[Measured]
    trials: int
    seed: int
    reference: str = ""
    points: PointsOf = field(default_factory=dict)
    lab: int = 2

    @property
    def of_lab(self) -> LabMeasure:
        """What is measured in this lab."""
        return LABS[self.lab]


def measure_json(measurement: Measurement) -> bytes:
    """Return the content of measure.json."""
    measured, points = measurement.measured, measurement.points
    content = {
        "lab": lab_version(),
        "python": PYTHON,
        "lab_number": measurement.lab,
        "trials": measurement.trials,
        "seed": measurement.seed,
        "reference": measurement.reference,
        "figures": {
            figure.name: {
                "title": figure.title,
                "unit": figure.unit,
                "meaning": figure.meaning,
            }
            for figure in measurement.of_lab.figures
        },
        "submissions": [_submission(one, points) for one in measured],
        "cpu": [_cpu(one) for one in measured],
    }
    return msgspec.json.format(jsonl.encode(content), indent=1)


def _submission(one: Measured, points: PointsOf) -> dict[str, Any]:
    return {
        "submission": one.name,
        "problems": one.problem_lines(),
        "points": points.get(one.name),
        "split_share": one.split_share,
        "figures": {
            name: _rounded(Summary.of(samples)) for name, samples in one.samples.items()
        },
        "samples": one.samples,
    }


def _cpu(one: Measured) -> dict[str, Any]:
    """Return the CPU times of a submission, which no seed repeats."""
    samples = one.cpu_ms_per_command
    return {
        "submission": one.name,
        "cpu_s": round(one.cpu_s, 3),
        CPU.name: _rounded(Summary.of(samples)) if samples else None,
    }


def _rounded(summary: Summary) -> dict[str, float]:
    return {key: round(value, 6) for key, value in asdict(summary).items()}


def measure_csv(measurement: Measurement) -> bytes:
    """Return the content of measure.csv: a row per submission.

    It begins with a byte order mark, as grades.csv does.
    """
    points = measurement.points
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    figures = measurement.of_lab.figures
    columns = [f"{f.name}_{statistic}" for f in figures for statistic in _STATISTICS]
    writer.writerow(["submission", "points", "split_share", *columns, "problems"])
    for one in measurement.measured:
        share = one.split_share
        writer.writerow(
            [
                csv_cell(one.name, CELL_MAX),
                f"{fsum(points[one.name].values()):g}" if one.name in points else "",
                "" if share is None else f"{share:.4f}",
                *_cells(one, figures),
                csv_cell("; ".join(one.problem_lines()), CELL_MAX),
            ]
        )
    return out.getvalue().encode("utf-8-sig")


def _cells(one: Measured, figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        summary = one.summary(figure.name)
        for statistic in _STATISTICS:
            yield "" if summary is None else f"{getattr(summary, statistic):.6g}"
