"""Plots of the experiments, by matplotlib (the extra `plots`)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tester.errors import UsageError
from tester.experiments.trials import Measured


def _pyplot() -> Any:
    try:
        import matplotlib as mpl
    except ImportError:
        raise UsageError(
            "the plots need matplotlib: pip install 'raft-lab[plots]'"
        ) from None
    mpl.use("svg")
    # The same curves give the same file: no date, no random names in it.
    mpl.rcParams["svg.hashsalt"] = "raft-lab"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    return pyplot


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
        percent = [
            100 * (number + 1) / len(downtimes_ms)
            for number in range(len(downtimes_ms))
        ]
        axes.step(downtimes_ms, percent, where="post", label=measured.setting.label)
    axes.set_xlim(*range_ms)
    if logarithmic:
        axes.set_xscale("log")
    axes.set_ylim(0, 100)
    axes.set_xlabel("time without leader (ms)")
    axes.set_ylabel("cumulative percent")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(file, metadata={"Date": None})
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
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
