"""class.html: a page for instructors with the figures of a class."""

from collections.abc import Callable, Sequence

from tester.intake.similarity import SimilarPair
from tester.reports.class_figures import ClassFigures, SubmissionRow, class_figures
from tester.reports.pages import page
from tester.scoring.grades import Grade
from tester.text import one_line

# The histogram's own units; the page scales it.
WIDTH, HEIGHT, BASE = 360, 190, 150
_GAP = 4
# A grading that goes on writes its page every 1 to 60 s.
RELOAD_S = 30


def class_html(
    grades: list[Grade],
    folder_of: Callable[[str], str],
    similar: Sequence[SimilarPair] = (),
    *,
    under_way: bool = False,
) -> bytes:
    """Return the page.

    Args:
        grades: one per submission.
        folder_of: returns the folder of a submission's own files.
        similar: the submissions that have much code in common.
        under_way: whether the grading goes on, so that the page reloads itself.
    """
    figures = class_figures(grades, folder_of)
    return page(
        "class.html",
        figures=figures,
        similar=_similar_rows(figures, similar),
        reload_s=RELOAD_S if under_way else 0,
        width=WIDTH,
        height=HEIGHT,
        base=BASE,
        histogram=_histogram(figures),
    )


def _similar_rows(
    figures: ClassFigures, similar: Sequence[SimilarPair]
) -> list[tuple[SubmissionRow, SubmissionRow, int]]:
    """Return the rows of each pair, and what they have in common in per cent."""
    rows = {row.name: row for row in figures.submissions}
    return [
        (rows[one_line(pair.one)], rows[one_line(pair.other)], int(100 * pair.share))
        for pair in similar
    ]


def _histogram(figures: ClassFigures) -> list[dict[str, float]]:
    """Return the position and size of each bar."""
    most = max((bar.count for bar in figures.bars), default=0) or 1
    step = WIDTH / len(figures.bars)
    return [
        {
            "x": round(n * step + _GAP / 2, 1),
            "middle": round((n + 0.5) * step, 1),
            "width": round(step - _GAP, 1),
            # Leave room for the number above the highest bar.
            "height": round((BASE - 20) * bar.count / most, 1),
            "low": bar.low,
            "high": bar.high,
            "count": bar.count,
        }
        for n, bar in enumerate(figures.bars)
    ]
