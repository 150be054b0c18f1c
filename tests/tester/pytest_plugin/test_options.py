"""The lab's options of pytest: what they say, and what they refuse."""

from pathlib import Path

import pytest

from tester.judging.graded_test import GradedTest
from tester.judging.run_hosting import RunHosting
from tester.pytest_plugin.options import read_options
from tester.text import parse_duration

ROOT = Path(__file__).resolve().parents[3]
DEFAULTS = {
    "--lab": False, "--lab3": False, "--submission": str(ROOT / "raft"), "--seed": None, "--seeds": 1,
    "--hash-seed": None,
    "--for": None, "--isolation": "none", "--lab-failed": False, "--real-time": False,
    "--preempt": False, "--lab-check-determinism": False, "--lab-summary": None,
    "--lab-digest": False, "--lab-trace": False, "--lab-trace-dir": ".lab/traces",
    "--lab-pictures": 3, "--situations": False, "--decision": False, "--shrink": False, "--replay": None, "--search-states": None,
    "--pdb": False, "capture": "fd",
}  # fmt: skip


class Config:
    """As much of pytest's configuration as the options are read from."""

    rootpath = ROOT
    args_source = None

    class invocation_params:
        dir = Path("/where/pytest/was/started")

    def __init__(self, changes):
        self._options = DEFAULTS | changes

    def getoption(self, name):
        return self._options[name]


def read(**changes):
    names = {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return read_options(Config(names))


def test_the_defaults_run_one_seed_in_this_process():
    options = read()
    assert options.submission.path == ROOT / "raft"
    assert options.hosting == RunHosting()
    assert (options.first_seed, options.seed_count) == (None, 1)
    assert (options.traces, options.summary, options.duration_s) == (None, None, None)
    assert not options.many_seeds
    assert not options.real_time


@pytest.mark.parametrize(
    ("text", "lab", "submission"),
    [
        ("servers 3\nclients 2\nrecover", 3, "tests/services/kv_threads"),
        ("servers 3\nrecover", 2, "raft"),
        ("no such choice", 2, "raft"),
    ],
)
def test_a_list_with_clients_is_replayed_by_a_service(tmp_path, text, lab, submission):
    file = tmp_path / "list.txt"
    file.write_text(text)
    options = read(replay=str(file), submission=str(ROOT / submission))
    assert options.lab == lab
    assert options.replay == file


def test_files_lie_where_pytest_was_started():
    options = read(lab_trace=True, lab_summary="summary.md")
    assert options.traces == Path("/where/pytest/was/started/.lab/traces")
    assert options.summary == Path("/where/pytest/was/started/summary.md")


def test_many_seeds_and_a_time_limit_make_a_table_of_rates():
    assert read(seeds=2).many_seeds
    assert read(**{"for": "10m"}).many_seeds
    assert read(**{"for": "10m"}).duration_s == 600


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": 0}, "--seeds 0: a test needs at least one seed"),
        ({"hash_seed": -1}, "--hash-seed -1: Python takes 0 to"),
        ({"hash_seed": 71}, "set PYTHONHASHSEED=71"),
        ({"for": "soon"}, "--for takes a duration such as 90s, 10m or 8h, not 'soon'"),
        ({"submission": "/no/such/place"}, "--submission"),
        ({"real_time": True, "preempt": True}, "--preempt needs runs that repeat"),
        ({"real_time": True, "pdb": True}, "--pdb needs runs that repeat"),
        ({"isolation": "process", "pdb": True}, "--pdb needs the servers in this"),
        ({"isolation": "process", "real_time": True}, "--real-time needs the servers"),
    ],
)
def test_what_is_wrong_or_contradicts_itself_is_refused(changes, message):
    with pytest.raises(pytest.UsageError, match=message):
        read(**changes)


@pytest.mark.parametrize("lab", [False, True])
def test_what_lies_here_and_cannot_be_tested_stops_no_other_session(
    tmp_path, monkeypatch, lab
):
    """Only a session of the lab's; the plugin is loaded in every one."""
    (tmp_path / "raft").mkdir()
    (tmp_path / "raft/raft.py").symlink_to("/etc/hostname")
    monkeypatch.setattr(Config.invocation_params, "dir", tmp_path)
    if lab:
        with pytest.raises(pytest.UsageError, match="a link that leads out"):
            read(submission=None, lab=True)
    else:
        options = read(submission=None)
        assert "a link that leads out" in options.problem


def test_isolation_is_refused_where_the_system_has_none(monkeypatch):
    monkeypatch.setattr(
        "tester.pytest_plugin.options.isolation_problem", lambda isolation: "no Linux"
    )
    with pytest.raises(pytest.UsageError, match="--isolation process: no Linux"):
        read(isolation="process")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("8h", 28800), ("2.5m", 150), ("7", 7)],
)
def test_durations_are_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "ten", "-5s", "0s", "infs", "3d"])
def test_other_durations_are_refused(text):
    with pytest.raises(ValueError):
        parse_duration(text)


@pytest.mark.parametrize(("lab3", "other"), [(True, ""), (False, "kv")])
def test_the_submission_of_the_other_lab_is_found_once(lab3, other):
    options = read(lab3=lab3, submission=None)
    test = GradedTest("test", "", 1, print, ROOT, servers=3, service=other)
    found = options.submission_of(test)
    assert found is not options.submission
    assert options.submission_of(test) is found
