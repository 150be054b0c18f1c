"""The page of a run in a real browser."""

from pathlib import Path

import msgspec
import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces.reader import read_trace
from tester.views.page import page_html
from tester.views.timeline import FIRST_WINDOW, timeline

MUTANTS = Path(__file__).resolve().parents[2] / "mutants"
ELEMENTS_MAX = 5_000


@pytest.fixture(scope="module")
def failure(graded_tests, tmp_path_factory):
    """Return the page of a run in which two servers lead a term."""
    folder = tmp_path_factory.mktemp("pages")
    submission = Submission.find(MUTANTS / "role_kept_in_new_term.py")
    conditions = RunConditions(submission, graded_tests["test_re_election"], 0)
    run_test(conditions, recording=Recording(traces=folder))
    file = folder / "x.html"
    trace = read_trace(folder / "test_re_election-seed0.jsonl")
    file.write_bytes(page_html(timeline(trace)))
    return file


@pytest.fixture
def long_run(story, tmp_path):
    """Return the page of a run with seven servers, crashes and more than one window."""
    for number in range(300):
        server = number % 3
        if number % 50 == 0:
            story.control("crash", server)
            story.boot(server)
        story.call(server, (server + 1) % 3, "request_vote", term=number)
    file = tmp_path / "long.html"
    file.write_bytes(page_html(timeline(story.trace())))
    return file


@pytest.fixture
def operations(stale_read, tmp_path):
    """Return the page of a read that is stale."""
    file = tmp_path / "operations.html"
    file.write_bytes(page_html(timeline(stale_read)))
    return file


@pytest.fixture
def many_lanes(service_story, tmp_path):
    """Return the page of a run with seven servers and fifteen clients."""
    story = service_story
    story.header = msgspec.structs.replace(story.header, servers=7, clients=15)
    for lane in range(7, 22):
        called = story.operation(lane, "get", "k")
        story.call(lane, lane % 7, "get", key="k")
        story.answer(called, ["a value", 3, "OK"])
    file = tmp_path / "lanes.html"
    file.write_bytes(page_html(timeline(story.trace())))
    return file


SHOWN_ROWS = "#lines tbody tr:not([hidden])"
# Where every arrow begins and ends, and the boxes of rows and labels.
ARROWS = """() => [...document.querySelectorAll("#arrows g")].map((arrow) => {
    const line = arrow.firstElementChild, at = (name) => Number(line.getAttribute(name));
    return { y1: at("y1"), y2: at("y2"), lost: line.classList.contains("gone") };
})"""
CENTRES = """() => {
    const top = document.querySelector("main").getBoundingClientRect().top;
    return [...document.querySelectorAll("#lines tbody tr:not([hidden])")].map((row) => {
        const box = row.getBoundingClientRect();
        return box.top - top + Math.min(13, box.height / 2);
    });
}"""
OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll("#bands text")].map((e) => e.getBoundingClientRect());
    return boxes.filter((a, i) => boxes.some((b, j) => i < j && a.left < b.right - 1 &&
        b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
}"""


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_arrows_join_rows_and_run_forwards_and_nothing_overlaps(
    show, failure, width, scheme
):
    page = show(failure, width=width, scheme=scheme)
    centres = page.evaluate(CENTRES)
    arrows = page.evaluate(ARROWS)
    assert len(arrows) > 10
    for arrow in arrows:
        assert arrow["y2"] >= arrow["y1"]
        ends = [arrow["y1"]] if arrow["lost"] else [arrow["y1"], arrow["y2"]]
        for y in ends:
            assert min(abs(y - centre) for centre in centres) < 2
    assert page.evaluate(OVERLAPS) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_a_fact_leads_to_its_line_and_the_keys_go_on_from_there(show, failure):
    page = show(failure)
    page.click(".facts a >> nth=1")
    selected = page.locator("tr.selected")
    assert "②" in selected.inner_text()
    assert "says that it leads term 2" in page.locator("#details").inner_text()
    page.keyboard.press("k")
    assert "②" not in selected.inner_text()
    page.keyboard.press("j")
    assert "②" in selected.inner_text()
    page.keyboard.press("f")
    assert "①" in selected.inner_text()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()


@pytest.mark.slow
def test_a_click_on_a_message_shows_its_reply_and_the_address_leads_back(show, failure):
    page = show(failure)
    row = page.locator(SHOWN_ROWS, has_text="request_vote(term=2").first
    row.click()
    assert page.locator("tr.related").count() >= 1
    assert page.locator("#arrows .chosen").count() >= 1
    fragment = page.evaluate("location.hash")
    assert fragment.startswith("#r")
    again = show(failure, fragment)
    assert again.locator("tr.selected").get_attribute("id") == fragment[1:]


@pytest.mark.slow
def test_filters_and_the_search_leave_out_lines(show, failure):
    page = show(failure)
    before = page.locator(SHOWN_ROWS).count()
    page.click("#filters summary")
    page.uncheck("[name=topic][value=fold]")
    folds = page.locator(SHOWN_ROWS + ".fold").count()
    assert folds == 0
    assert page.locator(SHOWN_ROWS).count() < before
    page.fill("#search", "leads term 2")
    assert 0 < page.locator(SHOWN_ROWS).count() < 5
    page.fill("#search", "")
    page.uncheck("[name=server][value='1']")
    assert page.locator(SHOWN_ROWS + "[data-s='1']").count() == 0


@pytest.mark.slow
def test_a_long_run_is_shown_in_windows_of_bounded_size(show, long_run):
    page = show(long_run)
    assert page.locator(SHOWN_ROWS).count() == FIRST_WINDOW
    drawn = page.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => e.getClientRects().length).length"
    )
    assert drawn <= ELEMENTS_MAX
    first = page.locator(SHOWN_ROWS).first.get_attribute("id")
    page.click("#earlier")
    assert page.locator(SHOWN_ROWS).first.get_attribute("id") != first
    page.click("#later")
    assert page.locator(SHOWN_ROWS).first.get_attribute("id") == first
    far = show(long_run, "#r3")
    assert far.locator("tr.selected").is_visible()


def test_without_scripts_and_in_print_the_table_is_complete(show, failure):
    page = show(failure, scripts=False)
    assert page.locator(SHOWN_ROWS).count() > 10
    assert page.locator("#tools").is_hidden()
    page.emulate_media(media="print")
    assert page.locator(SHOWN_ROWS).first.is_visible()


BARS = """() => [...document.querySelectorAll("#bars rect")].map((bar) => {
    const box = bar.getBoundingClientRect();
    return { x: box.left + box.width / 2, fact: bar.classList.contains("fact") };
})"""


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_operations_are_bars_in_their_lanes_and_keys_lead_to_them(
    show, operations, width, scheme
):
    page = show(operations, width=width, scheme=scheme)
    bars = page.evaluate(BARS)
    assert [bar["fact"] for bar in bars] == [True, True, False]
    dot = page.locator("th.l i >> nth=3").bounding_box()
    assert abs(bars[0]["x"] - dot["x"] - dot["width"] / 2) < 2
    page.keyboard.press("o")
    assert "put('k', 'new', 0) is called" in page.locator("#details").inner_text()
    page.click(".order a >> nth=2")
    assert "②" in page.locator("tr.selected").inner_text()
    page.keyboard.press("Escape")
    page.locator("#bars rect.fact").first.click()
    assert "is called" in page.locator("tr.selected").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_many_lanes_leave_room_for_words(show, many_lanes):
    for width in (390, 1280):
        page = show(many_lanes, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        words = page.locator("#lines td.w").first.bounding_box()
        assert words["width"] > width * 0.25
