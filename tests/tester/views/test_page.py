"""The page of a run: complete without scripts, safe, bounded, and every arrow ends."""

import html
import json
import re

import pytest

from tester.errors import UsageError
from tester.traces import rows
from tester.views import page
from tester.views.page import page_html, write_page
from tester.views.timeline import FIRST_WINDOW, timeline


@pytest.fixture
def two_leaders(story):
    for server in range(3):
        story.control("start", server)
        story.boot(server)
    for src in (0, 1):
        story.call(src, 2, "request_vote", term=1)
        story.later()
        story.add(
            rows.Reported, src, incarnation=1, step=story.step, term=1, leads=True
        )
        story.control("disconnect", src)
    return story


@pytest.fixture
def failed(two_leaders):
    story = two_leaders
    reports = [row for row in story.rows if isinstance(row, rows.Reported)]
    facts = [
        rows.FactRow(server=row.server, t=row.t, text=f"{row.server} leads term 1")
        for row in reports
    ]
    return story.trace(verdict="failed", reason="two leaders", facts=facts)


def data_of(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_names_the_failure_its_facts_and_each_line(failed):
    text = page_html(
        timeline(failed),
        replay="pytest x",
        explanations=[["what the trace proves:", "  both were elected"]],
    ).decode()
    assert '<p class="reason">two leaders</p>' in text
    assert "<b>What the trace proves</b>\nboth were elected</p>" in text
    assert "<pre>pytest x</pre>" in text
    for mark, line in zip("①②", timeline(failed).facts, strict=True):
        assert f'<a href="#r{line}"><b>{mark}</b>' in text
        assert re.search(rf'<tr id="r{line}" class="m fact', text)
    for line in range(len(timeline(failed).lines)):
        assert f'<tr id="r{line}"' in text
    assert re.search(r'class="test broke"|class="m[^"]* broke"', text)


def test_a_page_needs_no_other_file(failed):
    text = page_html(timeline(failed)).decode()
    assert not re.search(r'(?:src|href)="(?!#)', text)
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")


def test_arrows_end_on_lines_and_run_forwards(failed):
    laid_out = timeline(failed)
    assert laid_out.arrows
    for arrow in laid_out.arrows:
        assert 0 <= arrow.begin[0] <= arrow.end[0] < len(laid_out.lines)
        assert {arrow.begin[1], arrow.end[1]} <= {0, 1, 2}
    assert data_of(page_html(timeline(failed)).decode())["facts"] == laid_out.facts


def test_bands_know_what_each_server_is(failed):
    laid_out = timeline(failed)
    last = laid_out.states[-1]
    assert [state.leads for state in last] == [True, True, False]
    assert [state.cut_off for state in last] == [True, True, False]
    assert [state.term for state in last] == [1, 1, -1]
    changes = data_of(page_html(timeline(failed)).decode())["states"]
    assert changes[2][0][1:] == [0, 0, 0, 0, -1]
    assert changes[2][-1][1:] == [1, 0, 0, 0, -1]


def test_a_crash_a_pause_and_a_restart_show(story):
    story.boot(0)
    story.control("pause", 0)
    story.control("resume", 0)
    story.control("crash", 0)
    story.boot(0)
    states = [states[0] for states in timeline(story.trace()).states]
    assert [s.up for s in states] == [True, True, True, False, True]
    assert [s.paused for s in states] == [False, True, False, False, False]


def test_what_a_server_prints_is_text_and_never_markup(story):
    for evil in (
        "</script><script>alert(1)</script>",
        "<img src=x>",
        "\u2028",
        "\ud800",
    ):
        story.later()
        story.add(rows.Printed, 0, step=story.step, line=evil)
    text = page_html(timeline(story.trace(reason="<b>", verdict="failed"))).decode()
    assert "<img" not in text
    assert "alert(1)</script>" not in text
    assert html.escape("<img src=x>") in text
    assert data_of(text)


def test_operations_are_bars_and_those_in_question_are_listed(stale_read):
    laid_out = timeline(stale_read)
    text = page_html(laid_out).decode()
    bars = data_of(text)["bars"]
    assert [3, 0, 2, "put(k, new, 0) → OK", "①", 1] in bars
    assert all(begin < end for _, begin, end, *_ in bars)
    assert "<b>①</b> had returned when <b>②</b> was called" in text
    assert "<b>②</b> client 0: get(k) → ErrNoKey</a>" in text
    for bar in laid_out.order.bars:
        assert f'<a href="#r{bar.line}">' in text
    assert 'value="operations"' in text


def test_a_partition_cuts_off_whoever_is_in_no_majority(story):
    for server in range(3):
        story.boot(server)
    story.control("partition", [0], [1, 2])
    story.control("connect", 0)
    laid_out = timeline(story.trace())
    assert [s.cut_off for s in laid_out.states[-2]] == [True, False, False]
    assert [s.cut_off for s in laid_out.states[-1]] == [False, False, False]


def test_an_annotation_has_a_row_and_a_filter_of_its_own(story):
    story.later()
    story.add(rows.Annotated, 1, step=story.step, text="gave <up>")
    text = page_html(timeline(story.trace())).decode()
    words = f"\N{LOWER RIGHT PENCIL} {html.escape('gave <up>')}"
    assert f'<span class="p annotations">{words}</span>' in text
    assert 'value="annotations"' in text


def test_what_must_not_be_seen_is_taken_out(failed):
    text = page_html(
        timeline(failed), redact=lambda text: text.replace("leaders", "XX")
    ).decode()
    assert "two XX" in text
    assert "two leaders" not in text


def test_it_is_taken_out_of_the_details_of_a_line_too(story):
    story.later()
    story.add(rows.Printed, 1, step=story.step, line="loaded /grading/amy/raft.py")
    laid_out = timeline(story.trace())
    assert "/grading/" in json.dumps(data_of(page_html(laid_out).decode()))
    text = page_html(laid_out, redact=lambda text: text.replace("/grading/", ""))
    assert "prints loaded amy/raft.py" in json.dumps(data_of(text.decode()))
    assert "/grading/" not in text.decode()


def test_the_first_window_begins_with_the_last_act_before_the_first_fact(failed):
    laid_out = timeline(failed)
    assert laid_out.first < laid_out.facts[0]
    between = laid_out.lines[laid_out.first + 1 : laid_out.facts[0]]
    assert not any(any(line.of(rows.Control)) for line in between)


def test_a_page_that_would_be_too_large_loses_its_oldest_lines(monkeypatch, story):
    monkeypatch.setattr(page, "PAGE_BYTES_MAX", 20_000)
    for number in range(FIRST_WINDOW):
        story.later()
        story.control("heal", number)
    text = page_html(timeline(story.trace())).decode()
    left_out = int(re.search(r"(\d+) lines do not fit into this page", text)[1])
    assert 0 < left_out < FIRST_WINDOW
    assert f'id="r{left_out}"' in text
    assert f'id="r{left_out - 1}"' not in text
    assert data_of(text)["first"] == left_out


def test_rows_that_the_trace_dropped_are_named(failed):
    missing = rows.Dropped(dropped=12, until_t=3_000_000_000)
    trace = type(failed)(failed.header, failed.rows, None, missing)
    text = page_html(timeline(trace)).decode()
    assert "12 events up to 3.000000 s are not in the trace" in text
    assert "The recording ends before the run does." in text


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written: File exists"):
        write_page(tmp_path / "file" / "x.html", b"")
