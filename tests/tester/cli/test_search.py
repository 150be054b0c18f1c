"""The command `search`: its exit status, what it prints and keeps, and replays."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

import grade
from labrpc.errors import LabError
from tester.cli import search
from tester.cli.search import duration

# Each server says so of itself, or none does; nothing else ever happens.
STUBBORN = """\
class Raft:
    def __init__(self, peers, me, persister, apply_ch): pass
    def get_state(self): return 1, {leads}
    def start(self, command): return -1, 1, False
    def snapshot(self, index, snapshot): pass
"""
ROOT = Path(__file__).resolve().parents[3]
WRONG = "not-elected-by-majority: server 0 leads term 1"
SEARCH = ("--isolation", "none", "--states", "60")


@pytest.fixture
def submission(tmp_path, monkeypatch):
    """Return a function that writes a submission in which all lead, or none does."""
    monkeypatch.chdir(tmp_path)

    def write(leads):
        file = tmp_path / "stubborn.py"
        file.write_text(STUBBORN.format(leads=leads))
        return str(file)

    return write


@pytest.mark.slow
def test_nothing_found_is_status_0(capsys):
    search = ("search", str(ROOT / "raft"), *SEARCH[:-1], "400")
    assert grade.main([*search]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "explored completely: 3 servers, 1 time-out: 367 states"
    assert "no run breaks a property, as far as was searched" in lines
    # A guided run is not cut short.
    assert int(lines[-2].split(" states in ")[0]) >= 400


def test_servers_that_come_to_a_stop_are_found(submission, capsys):
    assert grade.main(["search", submission(False), *SEARCH]) == 1
    out = capsys.readouterr().out
    assert "no-leader: no server leads for 10 virtual seconds" in out
    assert "found with 1 choice:\n  recover\n" in out


def test_what_holds_throughout_is_printed_where_it_is_not_the_usual(submission, capsys):
    search = ("search", submission(False), *SEARCH, "--servers", "5")
    assert grade.main([*search]) == 1
    out = capsys.readouterr().out
    assert "found with 1 choice:\n  servers 5\n  recover\n" in out


def test_what_cannot_be_kept_is_printed_whole(submission, capsys, tmp_path):
    (tmp_path / ".lab").write_text("in the way")
    assert grade.main(["search", submission(True), *SEARCH]) == 1
    out = capsys.readouterr().out
    assert "stubborn-not-elected-by-majority.txt cannot be written: Not a dir" in out
    assert "# A run of stubborn that fails:" in out


def test_a_link_in_the_way_is_replaced_not_followed(submission, capsys, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    kept = tmp_path / ".lab/search/stubborn-not-elected-by-majority.txt"
    kept.parent.mkdir(parents=True)
    kept.symlink_to(precious)
    assert grade.main(["search", submission(True), *SEARCH]) == 1
    assert precious.read_text() == "mine"
    assert kept.read_text().startswith("# A run of stubborn")


def test_what_is_found_is_printed_kept_and_replayed(submission, capsys, tmp_path):
    assert grade.main(["search", submission(True), *SEARCH]) == 1
    out = capsys.readouterr().out
    assert "found when the servers start, before any choice:" in out
    assert WRONG in out
    command = out.splitlines()[-1].removeprefix("replay: raft-lab ").split()
    kept = tmp_path / ".lab/search/stubborn-not-elected-by-majority.txt"
    assert kept.read_text().startswith("# A run of stubborn that fails:")
    assert grade.main(command) == 1
    replay = capsys.readouterr().out
    assert WRONG in replay


KV = str(ROOT / "tests" / "services" / "kv_threads")


def test_a_service_is_searched_and_a_list_with_clients_replayed(
    submission, capsys, tmp_path
):
    search = ["search", KV, "--lab", "3", *SEARCH[:2], "--states", "30"]
    assert grade.main(search) == 0
    assert "no run breaks a property, as far as was" in capsys.readouterr().out
    (tmp_path / "list.txt").write_text("clients 1\nget 3 k\ndeliver 3 -> 0 get\n")
    assert grade.main(["search", KV, "--replay", "list.txt", *SEARCH[:2]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["get 3 k", "deliver 3 -> 0 get"]
    assert lines[-1] == "passed"


@pytest.mark.parametrize("option", ["--no-persistence", "--elections-only"])
def test_what_a_service_needs_is_not_left_out(submission, option, capsys):
    assert grade.main(["search", KV, "--lab", "3", option, *SEARCH]) == 2
    assert "a service needs a complete one" in capsys.readouterr().err


def test_a_search_needs_clients(submission, tmp_path, capsys):
    (tmp_path / "rsm.py").write_text("class RSM: pass\n")
    assert grade.main(["search", str(tmp_path), "--lab", "3", *SEARCH]) == 2
    assert "has no package `kv`" in capsys.readouterr().err


def test_a_replay_that_passes_says_what_did_not_apply(submission, capsys, tmp_path):
    (tmp_path / "list.txt").write_text("servers 2\ncrash 1\ntime-out 0\n")
    command = ["search", submission(False), "--replay", "list.txt", *SEARCH[:2]]
    assert grade.main(command) == 0
    first, skipped, digest, verdict = capsys.readouterr().out.splitlines()
    assert (first, skipped, verdict) == (
        "crash 1",
        "1 choice did not apply",
        "passed",
    )
    assert digest.startswith("digest ")


@pytest.mark.slow
def test_a_replay_has_the_same_digest_in_every_process(submission, tmp_path):
    (tmp_path / "list.txt").write_text("crash 1\ncrash 2\n")
    command = ["search", submission(False), "--replay", "list.txt", *SEARCH[:2]]
    start = [
        sys.executable,
        "-c",
        "import grade, sys; sys.exit(grade.main(sys.argv[1:]))",
    ]
    outputs = {
        subprocess.run(
            [*start, *command],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert "digest " in outputs.pop()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--for", "soon"], "'soon' is no time such as 60s, 10m or 1h"),
        (["--replay", "missing.txt", "--isolation", "none"], "cannot be read"),
        (["--isolation", "none", "--require-sandbox"], "needs --isolation process"),
    ],
)
def test_wrong_usage_is_explained(submission, capsys, options, message):
    assert grade.main(["search", submission(False), *options]) == 2
    assert message in capsys.readouterr().err


def test_what_is_no_submission_is_explained(capsys, tmp_path):
    command = ["search", str(tmp_path / "missing"), "--isolation", "none"]
    assert grade.main(command) == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_failure_of_the_lab_is_no_result(submission, capsys, monkeypatch):
    def broken(*_):
        raise LabError("a process could not be made")

    monkeypatch.setattr(search, "searched", broken)
    assert grade.main(["search", submission(False), *SEARCH]) == 2
    assert "the search came to no result: a process could" in capsys.readouterr().err


def test_times_are_read_in_seconds_minutes_and_hours():
    assert [duration(text) for text in ("90", "60s", "10m", "1h")] == [
        90,
        60,
        600,
        3600,
    ]
    for text in ("0s", "1d", "-1s"):
        with pytest.raises(argparse.ArgumentTypeError):
            duration(text)
