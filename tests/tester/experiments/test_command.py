"""`python -m tester.experiments`: tables, JSON and graphs, from a few trials each."""

import json
import sys
from pathlib import Path

import pytest

from tester.experiments import command
from tester.experiments.election_cluster import Replacement
from tester.experiments.figure16 import EQUAL_LOGS, HEADLINES, TOP
from tester.experiments.figure16_report import expected_split_share
from tester.experiments.trials import Measured

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def no_trials(monkeypatch):
    """Give every curve the same three trials, of which one found no leader."""

    def run_settings(_raft, settings, seed, jobs, note):
        note(1)
        trials = [
            Replacement(100.0 + seed, 1),
            Replacement(float("inf"), 0),
            Replacement(200.0, 2),
        ]
        return [Measured(setting, trials) for setting in settings]

    monkeypatch.setattr(command, "run_settings", run_settings)


def run(tmp_path, *options):
    return command.main(["figure16", "--out", str(tmp_path / "out"), *options])


@pytest.mark.slow
def test_tables_stand_below_the_marker_of_a_page(no_trials, tmp_path, capsys):
    page = tmp_path / "page.md"
    marker, end = command.MARKER.format("figure16"), command.END.format("figure16")
    page.write_text(f"Before.\n\n{marker}\n\nold\n{end}\nAfter.")
    assert run(tmp_path, "--write", str(page), "--seed", "7") == 0
    text = page.read_text()
    assert text.startswith("Before.")
    assert text.endswith(f"{end}\nAfter.")
    assert "old" not in text
    row = "| 150-155 ms | 3 | 107 | 200 | > 100,000 | > 100,000 | 66.7% | median 287 |"
    assert row in text
    assert row in capsys.readouterr().out
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "figure16-bottom.svg",
        "figure16-questions.svg",
        "figure16-top.svg",
        "figure16.json",
    ]
    saved = json.loads((tmp_path / "out/figure16.json").read_text())
    assert saved["curves"]["top"][0]["downtimes_ms"] == [107, None, 200]


def test_without_matplotlib_the_numbers_are_written_all_the_same(
    no_trials, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(tmp_path) == 2
    assert "raft-lab[plots]" in capsys.readouterr().err
    assert (tmp_path / "out/figure16.json").exists()


@pytest.mark.slow
def test_elections_between_distant_places_stand_beside_the_dissertations(
    no_trials, tmp_path, capsys
):
    assert command.main(["wide_area", "--out", str(tmp_path)]) == 0
    row = (
        "| 1 of 5 failed | 3 | > 100,000 | > 100,000 | 200 | 66.7% "
        "| mean 475, 99.9 % under 1,500 |"
    )
    assert row in capsys.readouterr().out
    assert (tmp_path / "wide-area.svg").exists()


@pytest.mark.parametrize(
    ("text", "why"), [("nothing", "has no line"), (None, "No such file")]
)
def test_a_page_without_the_marker_is_refused_before_any_trial(
    monkeypatch, tmp_path, capsys, text, why
):
    monkeypatch.setattr(command, "run_settings", None)
    page = tmp_path / "page.md"
    if text is not None:
        page.write_text(text)
    assert run(tmp_path, "--write", str(page)) == 2
    assert why in capsys.readouterr().err


def test_results_that_cannot_be_written_are_printed_all_the_same(
    no_trials, tmp_path, capsys
):
    (tmp_path / "out").write_text("in the way")
    assert run(tmp_path) == 2
    printed = capsys.readouterr()
    assert "median 287" in printed.out
    assert "cannot write" in printed.err


def test_ctrl_c_ends_with_a_line(monkeypatch, tmp_path, capsys):
    def run_settings(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_settings", run_settings)
    assert run(tmp_path) == 130
    assert "interrupted" in capsys.readouterr().err


def test_every_headline_belongs_to_a_curve():
    groups = command.EXPERIMENTS["figure16"].groups
    names = {setting.name for group in groups.values() for setting in group}
    assert set(HEADLINES) <= names
    assert len(TOP) == 6


def test_the_closed_form_is_asked_with_the_settings_numbers():
    (setting,) = [one for one in EQUAL_LOGS if one.timeouts.longest_ms == 200]
    assert expected_split_share(setting) == pytest.approx(0.11, abs=0.005)
