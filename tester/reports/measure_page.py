"""measure.html: what Rafts are like, as curves and dots beside the reference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from math import floor, fsum, log10

from tester.measuring.figures import Figure
from tester.measuring.labs import LabMeasure
from tester.measuring.measured import Measured, Summary
from tester.reports.measure_data import Measurement
from tester.reports.pages import page
from tester.scoring.grades import DECIMALS
from tester.text import one_line

# A plot's own units; the page scales it.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BASE = 360, 200, 34, 350, 10, 160
LANE = 22
# How many submissions have a colour of their own. More are alike, the reference aside.
COLOURS = 5
TICKS = 5
# The most points through which a curve is drawn.
CURVE_POINTS = 100


@dataclass(frozen=True)
class Series:
    """One submission in a plot.

    Attributes:
        name: the submission's.
        style: the class of the style sheet that it is drawn in.
        path: the curve's path; "" for a dot.
        x: where the dot is.
        text: what it is, in words.
    """

    name: str
    style: str
    path: str = ""
    x: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Plot:
    """One figure of all submissions.

    Attributes:
        figure: which.
        series: the submissions, the reference last, so that it lies on top.
        ticks: marks of the horizontal axis: where, and what they say.
    """

    figure: Figure
    series: list[Series]
    ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class Row:
    """A figure of one submission in a table."""

    figure: Figure
    summary: Summary | None
    reference: Summary | None

    @property
    def ratio(self) -> str:
        """The median as a multiple of the reference's, "" if there is none."""
        if self.summary is None or self.reference is None or not self.reference.median:
            return ""
        return f"{self.summary.median / self.reference.median:.2f}"


def measure_html(measurement: Measurement) -> bytes:
    """Return the page."""
    measured, reference = measurement.measured, measurement.reference
    styles = _styles(measured, reference)
    by_name = {one.name: one for one in measured}
    own = [one for one in measured if one.name != reference] or list(measured)
    lab = measurement.of_lab
    plots = [_plot(figure, measured, styles, lab) for figure in lab.figures]
    shown = [plot for plot in plots if plot is not None]
    return page(
        "measure.html",
        measured=measured,
        own=own,
        single=own[0] if len(own) == 1 else None,
        rows=_rows(own[0], by_name.get(reference), lab) if len(own) == 1 else [],
        reference=reference,
        lab=lab,
        figures=lab.figures,
        cpu=lab.cpu,
        curves=[plot for plot in shown if plot.figure.name in lab.curves],
        dots=[plot for plot in shown if plot.figure.name not in lab.curves],
        legend=[(one_line(name), style) for name, style in styles.items()]
        if len(styles) <= COLOURS + 1
        else [],
        points={
            name: round(fsum(of.values()), DECIMALS)
            for name, of in measurement.points.items()
        },
        trials=measurement.trials,
        seed=measurement.seed,
        value=value,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        base=BASE,
        lane=LANE,
    )


def value(number: float | None) -> str:
    """Return a number with three digits that count, for people."""
    if number is None:
        return "–"  # noqa: RUF001 - a dash, as in the other tables
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    digits = max(2 - floor(log10(abs(number))), 0)
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _styles(measured: Sequence[Measured], reference: str) -> dict[str, str]:
    """Return the style of each submission: a colour, or the one of many."""
    names = [one.name for one in measured if one.name != reference]
    numbers = count()
    styles = {
        name: f"c{next(numbers)}" if len(names) <= COLOURS else "many" for name in names
    }
    return styles | ({reference: "reference"} if reference else {})


def _rows(one: Measured, reference: Measured | None, lab: LabMeasure) -> list[Row]:
    beside = None if reference is None or reference is one else reference
    return [
        Row(
            figure,
            one.summary(figure.name),
            None if beside is None else beside.summary(figure.name),
        )
        for figure in lab.figures
    ]


def _plot(
    figure: Figure,
    measured: Sequence[Measured],
    styles: dict[str, str],
    lab: LabMeasure,
) -> Plot | None:
    """Return the plot of a figure, None if no submission has samples."""
    samples = {one.name: one.samples.get(figure.name) for one in measured}
    summaries = {name: Summary.of(found) for name, found in samples.items() if found}
    if not summaries:
        return None
    is_curve = figure.name in lab.curves
    ends = [s.high if is_curve else s.mean for s in summaries.values()]
    step = _step(max(ends) or 1)
    most = step * TICKS

    def place(number: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(number / most, 1), 1)

    series = []
    for name, style in styles.items():
        if name not in summaries:
            continue
        found, path = summaries[name], ""
        shown = f"mean {value(found.mean)}"
        if is_curve:
            shown = f"median {value(found.median)}"
            path = _curve(sorted(samples[name] or ()), place)
        text = f"{one_line(name)}: {shown} {figure.unit}".strip()
        series.append(Series(one_line(name), style, path, place(found.mean), text))
    ticks = [(place(n * step), value(n * step)) for n in range(TICKS + 1)]
    return Plot(figure, series, ticks)


def _step(most: float) -> float:
    """Return a round distance between ticks, so that all of them reach `most`."""
    rough = most / TICKS
    power: float = 10.0 ** floor(log10(rough))
    return next(
        power * factor for factor in (1, 2, 2.5, 5, 10, 20) if power * factor >= rough
    )


def _curve(ordered: list[float], place: Callable[[float], float]) -> str:
    """Return the path of the share of samples up to each value."""
    points = min(len(ordered), CURVE_POINTS)
    path = f"M{LEFT} {BASE}"
    for number in range(1, points + 1):
        sample = ordered[-(-number * len(ordered) // points) - 1]
        y = round(BASE - (BASE - TOP) * number / points, 1)
        path += f"H{place(sample)}V{y}"
    return f"{path}H{RIGHT}"
