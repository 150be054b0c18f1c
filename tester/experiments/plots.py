"""Plots of the experiments, by matplotlib (the extra `plots`)."""

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from tester.errors import UsageError
from tester.experiments.trials import Measured

# What a page that is shown in the dark replaces by its own: an SVG file on a page follows
# the reader's settings by itself.
INK, PAPER = "#1d2125", "#ffffff"
INK_IN_THE_DARK, PAPER_IN_THE_DARK = "#e4e6e8", "#15181b"
_DARK = "".join(
    f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}'
    for kind in ("fill", "stroke")
    for light, dark in ((INK, INK_IN_THE_DARK), (PAPER, PAPER_IN_THE_DARK))
)
_STYLE = f"<style>@media (prefers-color-scheme:dark){{{_DARK}}}</style>"
# Colours that can be told apart on either.
_COLOURS = ("#3f8fd2", "#d9822b", "#2aa876", "#c85bb4", "#8b7ae0", "#d65f5f")
# The most steps of a curve: nobody could see more of them.
STEPS_MAX = 250


def _pyplot() -> Any:
    try:
        import matplotlib as mpl
    except ImportError:
        raise UsageError(
            "the plots need matplotlib: pip install 'raft-lab[plots]'"
        ) from None
    mpl.use("svg")
    settings: Any = mpl.rcParams
    # The same curves give the same file: no date, no random names in it.
    settings["svg.hashsalt"] = "raft-lab"
    settings["svg.fonttype"] = "none"
    for name in ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color",
                 "ytick.color", "legend.labelcolor"):  # fmt: skip
        settings[name] = INK
    for name in ("figure.facecolor", "axes.facecolor", "legend.facecolor"):
        settings[name] = PAPER
    from matplotlib import pyplot

    plots: Any = pyplot
    settings["axes.prop_cycle"] = plots.cycler(color=_COLOURS)
    return plots


def _save(figure: Any, file: Path) -> None:
    """Write a graph that is readable on light pages and on dark ones."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    file.write_text(text.getvalue().replace("</svg>", f"{_STYLE}\n</svg>"), "utf-8")


def plot_downtimes(
    file: Path,
    curves: Sequence[Measured],
    title: str,
    range_ms: tuple[float, float],
    logarithmic: bool = False,
) -> None:
    """Plot what share of the crashed leaders was replaced within which time.

    Args:
        file: the SVG file that is written.
        curves: what was measured.
        title: stands above the graph.
        range_ms: the ends of the horizontal axis, in milliseconds.
        logarithmic: whether that axis is.

    Raises:
        UsageError: matplotlib is not installed.
    """
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(7, 3.5), layout="constrained")
    for measured in curves:
        downtimes_ms = measured.downtimes_ms
        trials = len(downtimes_ms)
        steps = min(trials, STEPS_MAX)
        counts = [-(-step * trials // steps) for step in range(1, steps + 1)]
        axes.step(
            [downtimes_ms[count - 1] for count in counts],
            [100 * count / trials for count in counts],
            where="post",
            label=measured.setting.label,
        )
    axes.set_xlim(*range_ms)
    if logarithmic:
        axes.set_xscale("log")
    axes.set_ylim(0, 100)
    axes.set_xlabel("time without leader (ms)")
    axes.set_ylabel("cumulative percent")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    _save(figure, file)
    pyplot.close(figure)


def plot_means(
    file: Path,
    at: Sequence[float],
    means_ms: Mapping[str, Sequence[float]],
    title: str,
    axis: str,
) -> None:
    """Plot mean times without leader as lines, on a logarithmic scale.

    Args:
        file: the SVG file that is written.
        at: the places on the horizontal axis.
        means_ms: a line for each name, with as many points.
        title: stands above the graph.
        axis: what the horizontal axis is.

    Raises:
        UsageError: matplotlib is not installed.
    """
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(7, 3.5), layout="constrained")
    for name, line in means_ms.items():
        axes.plot(at, line, marker="o", markersize=3, label=name)
    axes.set_yscale("log")
    for axis_part in ("major", "minor"):
        getattr(axes.yaxis, f"set_{axis_part}_formatter")("{x:,.0f}")
    axes.set_xlabel(axis)
    axes.set_ylabel("mean time without leader (ms)")
    axes.set_title(title)
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize="small")
    _save(figure, file)
    pyplot.close(figure)
