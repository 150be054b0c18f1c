"""Elections between distant places beside the dissertation's numbers, as a table."""

from pathlib import Path

from tester.experiments.plots import plot_downtimes
from tester.experiments.trials import Measured, milliseconds
from tester.experiments.wide_area import MESSAGE_MS
from tester.text import markdown_row

GROUP = "wide area"
# Mean and 99.9th percentile, in milliseconds, by how many of five servers failed.
OF_THE_DISSERTATION = {
    "1 of 5 failed": "mean 475, 99.9 % under 1,500",
    "2 of 5 failed": "mean 650, 99.9 % under 3,000",
}
_HEAD = (
    "| servers | trials | mean | less one message | 99.9 % under | split votes "
    "| the dissertation |\n|---|--:|--:|--:|--:|--:|---|\n"
)


def table(found: dict[str, list[Measured]]) -> str:
    """Return the curves' numbers in Markdown."""
    rows = "".join(_row(measured) for measured in found[GROUP])
    return f"Milliseconds of virtual time.\n\n{_HEAD}{rows}"


def _row(measured: Measured) -> str:
    downtimes_ms, limit_ms = measured.downtimes_ms, measured.setting.limit_ms
    most_ms = downtimes_ms[int(0.999 * (len(downtimes_ms) - 1))]
    cells = [
        measured.setting.name,
        f"{len(downtimes_ms):,}",
        milliseconds(measured.mean_ms, limit_ms),
        milliseconds(measured.mean_ms - MESSAGE_MS, limit_ms),
        milliseconds(most_ms, limit_ms),
        f"{measured.split_share:.1%}",
        OF_THE_DISSERTATION[measured.setting.name],
    ]
    return markdown_row(cells) + "\n"


def write_graphs(folder: Path, found: dict[str, list[Measured]]) -> list[Path]:
    """Write one graph; return its file in a list."""
    file = folder / "wide-area.svg"
    plot_downtimes(file, found[GROUP], "Elections between distant places", (0, 3_000))
    return [file]
