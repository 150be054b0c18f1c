"""Every page: whole, inert, readable, of bounded size."""

import re
import sys
from importlib.resources import files
from itertools import pairwise
from types import SimpleNamespace

import pytest
from jinja2 import Environment

from tester.reports import pages as pages_module
from tester.reports.student_report import student_html, student_markdown
from tester.versions import PYTHON

SCRIPT = files("tester.reports").joinpath("templates/class.js").read_bytes().strip()


def pages(made_up):
    grades = [*made_up.hostile(), made_up.mixed(), made_up.mixed("bob")]
    return [made_up.of_class(grades), made_up.of_class([]), *map(student_html, grades)]


def test_an_element_that_is_not_closed_would_be_found(made_up):
    with pytest.raises(AssertionError):
        made_up.Page(b"<p><b>x</p>")
    with pytest.raises(AssertionError):
        made_up.Page(b"<p>")


@pytest.mark.unmeasured
def test_pages_are_whole_and_run_nothing(made_up):
    for content in pages(made_up):
        # The lab's own script of the class's page is all that runs.
        of_class = b"class report" in content
        assert content.count(b"<script>") == content.count(b"<script") == of_class
        assert (SCRIPT in content) == of_class
        page = made_up.Page(content)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"img", "iframe", "object", "link", "x", "base"}
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], tag
            for name in ("src", "action", "background"):
                assert name not in attributes
            # Nothing is loaded, and nobody is led elsewhere.
            href = attributes.get("href", "#")
            assert re.fullmatch(
                r"#[\w-]+|#|submissions/[\w.-]+/report\.html(#test_\w+)?", href
            )
        assert "url(" not in content.decode()
        assert "@import" not in content.decode()


@pytest.mark.unmeasured
def test_pages_can_be_read_by_everybody(made_up):
    for content in pages(made_up):
        page = made_up.Page(content)
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == 1
        assert len(page.all("main")) == 1
        assert all("scope" in head for head in page.all("th"))
        assert "width=device-width" in page.all("meta")[1]["content"]
        assert "prefers-color-scheme: dark" in content.decode()
        ids = [
            attributes["id"] for _, attributes in page.elements if "id" in attributes
        ]
        assert len(ids) == len(set(ids))
        for _, attributes in page.elements:
            for name in attributes.get("aria-labelledby", "").split():
                assert name in ids
            if attributes.get("href", "").startswith("#"):
                assert attributes["href"][1:] in ids
        levels = [
            int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)
        ]
        for above, below in pairwise(levels):
            assert below <= above + 1, "a level of headings is left out"
        for svg in page.all("svg"):
            assert svg["role"] == "img"


@pytest.mark.unmeasured
def test_pages_are_of_bounded_size(made_up):
    for content in map(student_html, made_up.hostile()):
        assert len(content) < 60_000
    assert len(made_up.of_class(made_up.hostile())) < 200_000


def test_hostile_text_is_shown_as_it_is(made_up):
    assert (
        "<script>alert(1)</script>"
        in made_up.Page(made_up.of_class(made_up.hostile())).text
    )
    page = made_up.Page(student_html(made_up.hostile()[0]))
    assert "</pre><img src=x onerror=alert(2)>" in page.text
    # A name is no template.
    assert "{{ 7 * 7 }}" in made_up.Page(made_up.of_class(made_up.hostile())).text


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_text_has_contrast_in_light_and_dark(made_up):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    style = student_html(made_up.mixed()).decode()
    palettes = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    assert len(palettes) == 2
    for palette in palettes:
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", palette))
        pairs = [
            (text, ground)
            for text in ("text", "quiet", "link")
            for ground in ("page", "card", "code")
        ]
        pairs += [(name, f"{name}-tint") for name in ("passed", "failed", "unknown")]
        for text, ground in pairs:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["bar"], colours["card"]) >= 3


def test_every_page_says_with_which_python_it_was_graded(made_up):
    for grade in (made_up.mixed(), made_up.no_verdict()):
        pages = student_html(grade), student_markdown(grade), made_up.of_class([grade])
        for content in pages:
            assert f"Graded with {PYTHON}." in content.decode()
    broken = made_up.a_grade(made_up.a_run(), load_error="invalid syntax")
    assert (
        f"Did not load with {PYTHON}" in made_up.Page(made_up.of_class([broken])).text
    )


# Templates, which are compiled once.


@pytest.fixture
def of_new_process(monkeypatch, tmp_path):
    """Return a function that makes a page as a process that has made none.

    It returns which templates were compiled.
    """
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    compiled = []
    generate = Environment._generate

    def counted(self, source, name, *args, **options):
        compiled.append(name)
        return generate(self, source, name, *args, **options)

    monkeypatch.setattr(Environment, "_generate", counted)

    def make(grades):
        pages_module._environment.cache_clear()
        compiled.clear()
        return student_html(grades), list(compiled)

    yield make
    pages_module._environment.cache_clear()


def test_a_template_is_compiled_once_for_all_processes(of_new_process, made_up):
    grades = made_up.mixed()
    first, compiled = of_new_process(grades)
    assert "student.html" in compiled
    assert of_new_process(grades) == (first, [])


def test_a_template_is_compiled_anew_for_another_version_of_jinja2(
    of_new_process, made_up, monkeypatch
):
    of_new_process(made_up.mixed())
    version = SimpleNamespace(__version__="99")
    monkeypatch.setattr(pages_module, "jinja2", version)
    assert "student.html" in of_new_process(made_up.mixed())[1]


def test_where_nothing_can_be_kept_pages_are_the_same(
    of_new_process, made_up, tmp_path
):
    first, _ = of_new_process(made_up.mixed())
    kept = tmp_path / "kept"
    kept.rename(tmp_path / "elsewhere")
    kept.write_text("in the way")
    again, compiled = of_new_process(made_up.mixed())
    assert again == first
    assert "student.html" in compiled
