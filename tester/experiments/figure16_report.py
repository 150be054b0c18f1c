"""Figure 16's numbers beside the paper's, as a table, as JSON and as graphs."""

import json
from collections.abc import Sequence
from math import isinf
from pathlib import Path

from tester.experiments.closed_form import split_vote_probability
from tester.experiments.figure16 import HEADLINES, Headline
from tester.experiments.plots import plot_downtimes
from tester.experiments.setting import Setting
from tester.experiments.trials import Measured, milliseconds
from tester.text import markdown_row

GRAPHS = {
    "top": "How much randomness is needed",
    "bottom": "How short time-outs may be",
    "questions": "Questions that the paper leaves open (150-200 ms)",
}
_HEAD = (
    "| time-outs | trials | least | median | mean | worst | split votes | the paper |\n"
    "|---|--:|--:|--:|--:|--:|--:|---|\n"
)


def write_graphs(folder: Path, found: dict[str, list[Measured]]) -> list[Path]:
    """Write a graph for each group of curves; return the files."""
    files = []
    for name, title in GRAPHS.items():
        file = folder / f"figure16-{name}.svg"
        if name == "top":
            plot_downtimes(file, found[name], title, (100, 100_000), logarithmic=True)
        else:
            plot_downtimes(file, found[name], title, (0, 600))
        files.append(file)
    return files


def write_json(file: Path, found: dict[str, list[Measured]], seed: int) -> None:
    """Write all trials, so that other plots can be made of them.

    A trial without a new leader has the downtime null.
    """
    curves = {
        group: [
            {
                "name": measured.setting.name,
                "message_ms": measured.setting.message_ms,
                "message_spread": measured.setting.message_spread,
                "downtimes_ms": [
                    None if isinf(one.downtime_ms) else one.downtime_ms
                    for one in measured.replacements
                ],
                "terms": [one.terms for one in measured.replacements],
            }
            for measured in group_found
        ]
        for group, group_found in found.items()
    }
    file.write_text(json.dumps({"seed": seed, "curves": curves}) + "\n")


def table(curves: Sequence[Measured]) -> str:
    """Return a Markdown table of some curves."""
    return _HEAD + "".join(_row(measured) for measured in curves)


def _row(measured: Measured) -> str:
    downtimes_ms = measured.downtimes_ms
    numbers = (
        downtimes_ms[0],
        measured.median_ms,
        measured.mean_ms,
        measured.worst_ms,
    )
    cells = [
        measured.setting.name,
        f"{len(downtimes_ms):,}",
        *(milliseconds(number, measured.setting.limit_ms) for number in numbers),
        f"{measured.split_share:.1%}",
        _of_the_paper(measured.setting),
    ]
    return markdown_row(cells) + "\n"


def _of_the_paper(setting: Setting) -> str:
    """Return what the paper says of a curve, or the closed form for equal logs."""
    if setting.message_spread == 0 and not setting.ineligible:
        return f"closed form: {expected_split_share(setting):.1%} split"
    headline = HEADLINES.get(setting.name, Headline())
    said = {
        "least": headline.least_ms,
        "median": headline.median_ms,
        "mean": headline.mean_ms,
        "worst": headline.worst_ms,
    }
    return ", ".join(f"{name} {ms:,.0f}" for name, ms in said.items() if ms is not None)


def expected_split_share(setting: Setting) -> float:
    """Return the closed form's share of split votes for a setting with equal logs."""
    spread_ms = setting.timeouts.longest_ms - setting.timeouts.shortest_ms
    return split_vote_probability(
        setting.servers, setting.servers - 1, setting.message_ms / spread_ms
    )


def all_curves(found: dict[str, list[Measured]]) -> str:
    """Return the tables of all groups, each below its title."""
    titles = GRAPHS | {"equal logs": "Split votes, all logs equal (the closed form)"}
    parts = [
        f"### {titles[group]}\n\nMilliseconds of virtual time.\n\n{table(curves)}"
        for group, curves in found.items()
    ]
    return "\n".join(parts)
