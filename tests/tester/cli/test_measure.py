"""The command `measure`, with a measurement that is made up."""

import json
from pathlib import Path

import pytest

import grade
from tester.cli import measure
from tester.measuring.labs import LABS
from tester.measuring.measured import Measured

SUBMISSIONS = Path(__file__).resolve().parents[2] / "submissions"
POLLING = str(SUBMISSIONS / "polling")
TRUSTED = ["--isolation", "none", "--jobs", "1"]


@pytest.fixture
def made_up(monkeypatch):
    """Give every submission the same samples; return the plans that were measured."""
    plans = []

    def run(plan, processes, notify, engine):
        plans.append(plan)
        notify(plan.total)
        return [Measured(name, {"downtime_ms": [300.0]}) for name in plan.submissions]

    monkeypatch.setattr(measure, "measure", run)
    return plans


def run(tmp_path, *options):
    return grade.main(["measure", *options, "--out", str(tmp_path / "out"), *TRUSTED])


def test_a_submission_is_measured_beside_the_reference(made_up, tmp_path, capsys):
    assert run(tmp_path, POLLING) == 0
    assert list(made_up[0].submissions) == ["polling", measure.REFERENCE_NAME]
    printed = capsys.readouterr().out
    assert "of trials" in printed
    assert "time without a leader (ms)" in printed
    assert sorted(file.name for file in (tmp_path / "out").glob("measure*")) == [
        "measure.csv",
        "measure.html",
        "measure.json",
    ]
    content = json.loads((tmp_path / "out/measure.json").read_text())
    assert content["reference"] == measure.REFERENCE_NAME


def test_the_reference_is_measured_once(made_up, tmp_path):
    assert run(tmp_path, str(measure.REFERENCE)) == 0
    assert list(made_up[0].submissions) == ["raft"]


def test_the_reference_can_be_left_out(made_up, tmp_path):
    assert run(tmp_path, POLLING, "--no-reference", "--trials", "7", "--seed", "5") == 0
    assert list(made_up[0].submissions) == ["polling"]
    assert (made_up[0].trials, made_up[0].seed) == (7, 5)


def test_trials_that_did_not_end_are_reported(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        measure,
        "measure",
        lambda *_: [Measured("polling", problems={"no leader": 2}, given_up=True)],
    )
    assert run(tmp_path, POLLING, "--no-reference") == 1
    assert (
        "polling: no leader (in 2 of the batches of trials)" in capsys.readouterr().out
    )


def test_nothing_to_measure_is_wrong_usage(made_up, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path, str(tmp_path / "empty"), "--single") == 2
    assert "nothing to measure" in capsys.readouterr().err
    assert not made_up


def test_a_file_in_the_way_is_named(made_up, tmp_path, capsys):
    (tmp_path / "out/measure.html").mkdir(parents=True)
    assert run(tmp_path, POLLING) == 2
    assert "--out: cannot write" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_refused_before_any_trial(
    made_up, tmp_path, capsys
):
    (tmp_path / "out").write_text("in the way")
    assert run(tmp_path, POLLING) == 2
    assert "--out: cannot write" in capsys.readouterr().err
    assert not made_up


@pytest.mark.unmeasured
def test_a_rubric_gives_points_to_submissions_and_not_to_the_reference(
    made_up, tmp_path
):
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[measure.downtime_ms]\npoints = 4\nfull = 400\n")
    assert run(tmp_path, POLLING, "--rubric", str(rubric)) == 0
    content = json.loads((tmp_path / "out/measure.json").read_text())
    polling, reference = content["submissions"]
    assert polling["points"] == {"downtime_ms": 4}
    assert reference["points"] is None


def test_a_rubric_without_the_table_is_refused_before_any_trial(
    made_up, tmp_path, capsys
):
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[seeds]\ncount = 2\n")
    assert run(tmp_path, POLLING, "--rubric", str(rubric)) == 2
    assert "no table [measure]" in capsys.readouterr().err
    assert not made_up


def test_a_service_is_measured_beside_the_labs_own(made_up, tmp_path, capsys):
    path = str(SUBMISSIONS / "asyncio_raft")
    assert run(tmp_path, path, "--lab", "3") == 0
    (plan,) = made_up
    assert plan.lab == 3
    assert list(plan.submissions) == ["asyncio_raft", measure.REFERENCE_NAME]
    assert plan.submissions[measure.REFERENCE_NAME] == measure.EXAMPLE_SERVICE
    assert {batch.probe for batch in plan.batches} == set(LABS[3].plans)
    assert "latency of a put (ms)" in capsys.readouterr().out
    content = json.loads((tmp_path / "out/measure.json").read_text())
    assert content["lab_number"] == 3


@pytest.mark.unmeasured
def test_a_rubric_for_lab_3_gives_points_for_its_figures(made_up, tmp_path, capsys):
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("lab = 3\n[measure.put_ms]\npoints = 4\nfull = 10\n")
    assert (
        run(tmp_path, str(SUBMISSIONS / "asyncio_raft"), "--rubric", str(rubric)) == 0
    )
    assert made_up[0].lab == 3
    rubric.write_text("lab = 3\n[measure.operations_per_s]\npoints = 4\nfull = 10\n")
    assert (
        run(tmp_path, str(SUBMISSIONS / "asyncio_raft"), "--rubric", str(rubric)) == 2
    )
    assert "there is no figure with points" in capsys.readouterr().err
