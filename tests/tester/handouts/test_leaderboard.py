import json

import pytest

from tester.cli.main import parse
from tester.handouts.gradescope_run import MEASURED, Autograder, Settings
from tester.handouts.leaderboard import leaderboard, measure_command
from tester.measuring.measured import Measured
from tester.reports.files import write_submission_files
from tester.reports.measure_data import Measurement, measure_json


def write_measure_json(folder, *measured):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "measure.json").write_bytes(measure_json(Measurement(measured, 10, 0)))


def test_medians_of_the_figures_that_were_measured_are_on_it(tmp_path):
    samples = {"downtime_ms": [300.0, 310.00049], "command_rpcs": [4.0]}
    write_measure_json(tmp_path, Measured("ada", samples))
    downtime, rpcs = leaderboard(tmp_path)
    assert (downtime.name, downtime.value) == ("time without a leader (ms)", 305.0)
    assert (rpcs.name, rpcs.value, rpcs.order) == ("RPCs per command", 4.0, "asc")


@pytest.mark.parametrize("content", [None, b"{", b'{"submissions": []}'])
def test_without_a_measurement_it_is_empty(tmp_path, content):
    if content is not None:
        (tmp_path / "measure.json").write_bytes(content)
    assert leaderboard(tmp_path) == []


@pytest.mark.parametrize("isolation", [["--isolation", "none"], ["--isolation=none"]])
def test_the_command_takes_the_options_that_it_shares_with_grading(tmp_path, isolation):
    grading = ["--seeds", "3", *isolation, "--preempt", "--require-sandbox"]
    command = measure_command(tmp_path, tmp_path / "out", 50, [*grading, "--jobs", "1"])
    at = command.index("measure")
    _, options = parse("raft-lab", command[at:])
    assert (options.trials, options.isolation, options.jobs) == (50, "none", 1)
    assert options.no_reference
    assert options.require_sandbox


def test_what_was_measured_is_published_with_the_grade(tmp_path, made_up):
    write_submission_files(tmp_path / "grades", made_up.mixed())
    (tmp_path / "results").mkdir()
    autograder, settings = Autograder(tmp_path), Settings(options=[])
    assert autograder._publish(settings)
    published = tmp_path / "results/results.json"
    assert "leaderboard" not in json.loads(published.read_text())
    write_measure_json(
        tmp_path / "grades" / MEASURED, Measured("ada", {"recovery_ms": [50.0]})
    )
    assert autograder._publish(settings)
    (entry,) = json.loads(published.read_text())["leaderboard"]
    assert entry == {
        "name": "time to recover after a restart (ms)",
        "value": 50.0,
        "order": "asc",
    }
