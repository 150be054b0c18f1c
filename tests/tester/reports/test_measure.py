"""measure.html, measure.json and measure.csv, of made-up measurements."""

import csv
import io
import json
import re

import pytest

from tester.measuring.figures import FIGURES
from tester.measuring.labs import LABS
from tester.measuring.measured import Measured
from tester.reports.measure_data import Measurement, measure_csv, measure_json
from tester.reports.measure_page import COLOURS, measure_html, value

REFERENCE = "the reference"
NAMES = [figure.name for figure in FIGURES]


def made_up(name, factor=1.0):
    samples = {figure: [factor * n for n in (1.0, 2.0, 4.0)] for figure in NAMES}
    return Measured(name, samples, [0.5 * factor])


def page_of(*measured, reference=REFERENCE, points=()):
    return measure_html(
        Measurement(measured, 1000, 0, reference, dict(points))
    ).decode()


def test_one_submission_has_a_table_beside_the_reference():
    page = page_of(made_up("ada", 3), made_up(REFERENCE))
    assert "<h1>ada, measured</h1>" in page
    rows = re.findall(r'<tr><th scope="row" class="figure">', page)
    assert len(rows) == len(FIGURES)
    assert '<td class="n">3.00</td>' in page
    assert page.count('class="curve reference"') == 4
    assert "All submissions" not in page


def test_a_class_has_a_curve_and_a_dot_for_each_submission():
    page = page_of(made_up("ada"), made_up("bob", 2), made_up(REFERENCE))
    assert "<h1>2 submissions, measured</h1>" in page
    for style in ("c0", "c1", "reference"):
        assert page.count(f'class="curve {style}"') == 4
        assert page.count(f'class="dot {style}"') == len(FIGURES) - 4
    assert '<table class="sortable">' in page


def test_many_submissions_share_a_colour():
    many = [made_up(f"s{n}") for n in range(COLOURS + 1)]
    page = page_of(*many, made_up(REFERENCE))
    assert 'class="curve many"' in page
    assert 'class="legend' not in page


def test_names_and_reasons_are_escaped():
    hostile = made_up("<script>alert(1)</script>")
    hostile.problems["<b>no leader</b>"] = 2
    page = page_of(hostile)
    assert "<script>alert" not in page
    assert "&lt;b&gt;no leader&lt;/b&gt; (in 2 of the batches of trials)" in page


def test_a_submission_of_which_nothing_was_measured_is_on_the_page():
    page = page_of(Measured("ada", problems={"it does not load": 3}, given_up=True))
    assert "not measured" in page
    assert "it does not load" in page


def test_the_json_is_the_same_but_for_its_block_of_cpu_times():
    first, again = (
        json.loads(measure_json(Measurement([one], 1, 0)))
        for one in (Measured("a", {"downtime_ms": [2.0]}, [cpu]) for cpu in (0.25, 0.5))
    )
    assert first.pop("cpu") != again.pop("cpu")
    assert first == again
    (submission,) = first["submissions"]
    assert submission["figures"]["downtime_ms"]["median"] == 2
    assert submission["samples"] == {"downtime_ms": [2.0]}


def test_the_csv_has_a_row_for_each_submission_and_no_formula():
    measured = [made_up("=ada"), Measured("bob", problems={"lost": 1})]
    points = {"bob": {"downtime_ms": 2.5}}
    content = measure_csv(Measurement(measured, 1, 0, points=points))
    ada, bob = csv.DictReader(content.decode("utf-8-sig").splitlines())
    assert not ada["submission"].startswith("=")
    assert ada["downtime_ms_median"] == "2"
    assert ada["split_share"] == "0.6667"
    assert bob["downtime_ms_median"] == ""
    assert (ada["points"], bob["points"]) == ("", "2.5")
    assert bob["problems"].startswith("lost")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (0.01234, "0.0123"), (2.5, "2.5"), (40, "40"), (1234.6, "1,235")],
)
def test_numbers_have_three_digits_that_count(number, text):
    assert value(number) == text


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_page_fits_and_is_readable_in_a_browser(show, tmp_path, width, scheme):
    file = tmp_path / "measure.html"
    file.write_text(page_of(made_up("ada"), made_up("b" * 80), made_up(REFERENCE)))
    page = show(file, width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colours = page.eval_on_selector_all(
        ".curve", "curves => [...new Set(curves.map(c => getComputedStyle(c).stroke))]"
    )
    assert len(colours) == 3


def test_points_are_shown_where_a_rubric_gives_them():
    points = {"ada": {"downtime_ms": 2.5, "recovery_ms": 1.0}, "bob": {}}
    assert "<strong>3.5</strong> points" in page_of(made_up("ada"), points=points)
    page = page_of(made_up("ada"), made_up("bob"), made_up(REFERENCE), points=points)
    assert '<td class="n">3.5</td>' in page


def test_a_service_has_figures_of_its_own():
    names = [figure.name for figure in LABS[3].figures]
    one = Measured("ada", {name: [1.0, 2.0, 4.0] for name in names})
    measurement = Measurement([one], 50, 0, lab=3)
    page = measure_html(measurement).decode()
    assert "50 puts of one client from seed 0" in page
    assert "operations per second" in page
    assert "several terms" not in page
    assert page.count('class="curve c0"') == len(LABS[3].curves)
    assert set(json.loads(measure_json(measurement))["figures"]) == set(names)
    (row,) = csv.DictReader(io.StringIO(measure_csv(measurement).decode("utf-8-sig")))
    assert row["put_ms_median"] == "2"
