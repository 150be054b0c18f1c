"""A debugger's prompt stops the world, and looking leaves no trace."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions

from ..conftest import environment_of_child

ROOT = Path(__file__).resolve().parents[3]
ELECTION = f"{ROOT}/tests/lab2/test_2a_election.py::test_initial_election"
AGREEMENT = f"{ROOT}/tests/lab2/test_2b_log.py::test_basic_agreement"
FIGURE_8 = f"{ROOT}/tests/lab2/test_2c_persistence.py::test_figure_8"


def run(directory, test, submission, commands, *options):
    """Run one graded test at seed 0, with `commands` typed at its prompts."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", test, "--seed", "0", "-p", "no:cacheprovider",
         "--submission", str(submission), "--lab-digest", *options],
        cwd=directory, env=environment_of_child(), input="\n".join([*commands, ""]),
        capture_output=True, text=True,
    )  # fmt: skip


def digest(output):
    (found,) = re.findall(r"^([0-9a-f]{32})  test_", output, re.MULTILINE)
    return found


def stands_at(statement, output):
    """Whether a prompt opened at a statement, or at the breakpoint before it.

    That is where it opens from Python 3.13 on.
    """
    return f"-> {statement}" in output or "-> breakpoint()" in output


@pytest.fixture
def stopping(tmp_path):
    """The reference, with a breakpoint in its vote handler."""
    shutil.copytree(ROOT / "raft", tmp_path / "raft")
    file = tmp_path / "raft" / "raft.py"
    handler = "def request_vote(self, args: RequestVoteArgs) -> RequestVoteReply:\n"
    source = file.read_text()
    assert handler in source
    file.write_text(source.replace(handler, f"{handler}        breakpoint()\n"))
    return tmp_path


# `breakpoint()`.


@pytest.mark.slow
def test_breakpoint_stops_in_the_submission_and_lab_shows_the_cluster(stopping):
    output = run(stopping, ELECTION, stopping, ["p args", "lab()", "c", "c"]).stdout
    assert "RequestVoteArgs(term=1" in output
    assert re.search(r"at 0\.\d{6} s of virtual time", output)
    assert "is running" in output
    assert re.search(r"server \d: not leader, term 1 when last asked", output)
    assert "waits for the reply of server" in output
    assert "1 of 1 runs passed" in output


@pytest.mark.slow
def test_a_prompt_opens_in_a_list_of_choices(stopping):
    file = stopping / "list.txt"
    file.write_text("time-out 0\ndeliver 0 -> 2 request_vote")
    typed = ["p args", "print('here')", "lab()", "c"]
    output = run(stopping, f"--replay={file}", stopping, typed, "-s").stdout
    assert "RequestVoteArgs(term=1" in output
    assert "here" in output
    assert re.search(r"server 2:\n  thread .* waits for", output)
    assert "1 of 1 runs passed" in output


WAITING = "import time; time.sleep(1)"
LOCKING = "lock = threading.Lock(); lock.acquire(); lock.acquire()"
CALLING = "self.peers[0].call('Raft.request_vote', args)"
REFUSED = "nothing can wait at a debugger's prompt: the world stands still"


@pytest.mark.slow
def test_looking_changes_nothing_in_the_run(stopping, tmp_path):
    commands = ["lab()", "n", "print('here:', args)", WAITING, "lab()", "c", "c"]
    looked = run(stopping, ELECTION, stopping, commands).stdout
    assert "here: RequestVoteArgs(term=1" in looked
    assert f"WaitRefusedError: {REFUSED}" in looked
    plain = run(tmp_path, ELECTION, ROOT / "raft", []).stdout
    assert digest(looked) == digest(plain)


@pytest.mark.slow
def test_an_rpc_from_the_prompt_is_not_sent(stopping, tmp_path):
    tried = run(stopping, ELECTION, stopping, [CALLING, "c", "c"]).stdout
    assert f"WaitRefusedError: {REFUSED}" in tried
    plain = run(tmp_path, ELECTION, ROOT / "raft", []).stdout
    rpcs = re.compile(r"1 of 1 runs passed; .*, (\d+) RPCs")
    assert rpcs.search(tried)[1] == rpcs.search(plain)[1]


SWALLOWED = """
def take(self, entry):
    try:
        breakpoint()
        print("it goes on")
    except Exception:
        pass
"""


# Without commands, the end of the input, as Ctrl-D.
@pytest.mark.slow
@pytest.mark.parametrize("commands", [["q"], ["n", "q"], []])
def test_quitting_ends_the_session_without_a_verdict(commands, dictator, tmp_path):
    done = run(tmp_path, AGREEMENT, dictator(SWALLOWED).path, commands)
    assert stands_at("print(", done.stdout)
    assert "! _pytest.outcomes.Exit: Quitting debugger !" in done.stdout
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "no tests ran" in done.stdout
    assert not (tmp_path / ".lab/failures").exists()


@pytest.mark.slow
def test_quitting_in_the_scenario_ends_the_session_too(tmp_path):
    suite = tmp_path / "test_own.py"
    suite.write_text(
        "import pytest\n"
        "@pytest.mark.cluster(servers=3)\n"
        "def test_own(cluster):\n"
        "    breakpoint()\n"
        "    cluster.sleep(1)\n"
    )
    done = run(tmp_path, str(suite), ROOT / "raft", ["p cluster.now", "q"])
    assert stands_at("cluster.sleep(1)", done.stdout)
    assert "! _pytest.outcomes.Exit: Quitting debugger !" in done.stdout
    assert "no tests ran" in done.stdout


# A breakpoint where nobody can debug.

FORGOTTEN = """
def take(self, entry):
    index, command = entry
    try:
        {}
    except Exception:
        pass
    self.apply(index, command)
"""


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("breakpoint()", "breakpoint()"),
        ("import pdb; pdb.set_trace()", "pdb.set_trace()"),
        ("from pdb import set_trace; set_trace()", "pdb.set_trace()"),
    ],
)
def test_a_breakpoint_where_nobody_can_debug_fails_with_its_place(
    statement, name, dictator, graded_tests
):
    submission = dictator(FORGOTTEN.format(statement))
    lines = (submission.path / "raft.py").read_text().splitlines()
    line = lines.index(f"            {statement}") + 1
    result = run_test(
        RunConditions(submission, graded_tests["test_basic_agreement"], 0)
    )
    assert result.code == "breakpoint"
    assert result.reason.partition(": ")[2] == (
        f"{name} at raft.py:{line}, where no debugger can open: remove it"
    )
    assert f"raft.py:{line} in take\n        {statement}" in result.evidence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "statement"),
    [
        (["-n", "1"], "breakpoint()"),
        (["--isolation", "process"], "import pdb; pdb.set_trace()"),
    ],
)
def test_nobody_can_debug_in_another_process(options, statement, dictator, tmp_path):
    if "--isolation" in options and sys.platform != "linux":
        pytest.skip("processes are isolated by what only Linux has")
    submission = dictator(FORGOTTEN.format(statement)).path
    done = run(tmp_path, AGREEMENT, submission, [], *options)
    name = statement.rpartition("; ")[2]
    assert re.search(
        rf"^server \d: {re.escape(name)} at raft\.py:\d+, where no debugger can open: remove",
        done.stdout,
        re.MULTILINE,
    ), done.stdout


def test_python_can_be_told_to_pass_breakpoints_over(
    dictator, graded_tests, monkeypatch
):
    monkeypatch.setenv("PYTHONBREAKPOINT", "0")
    submission = dictator(FORGOTTEN.format("breakpoint()"))
    assert run_test(
        RunConditions(submission, graded_tests["test_basic_agreement"], 0)
    ).passed


# `--pdb`.


@pytest.mark.slow
def test_pdb_opens_in_the_scenario_after_the_whole_report(tmp_path):
    broken = ROOT / "tests" / "submissions" / "counts_older_terms"
    commands = ["p 'now', cluster.now", "lab()", "q"]
    output = run(tmp_path, FIGURE_8, broken, commands, "--pdb").stdout
    report, _, prompt = output.partition("PDB post_mortem")
    assert "(State Machine Safety, Figure 3)" in report
    assert re.search(r"^replay: pytest .*::test_figure_8 --seed 0 ", report, re.M)
    assert "test_2c_persistence.py" in prompt.splitlines()[1]
    assert "-> cluster.sleep(_figure_8_pause(cluster))" in prompt
    assert re.search(r"\('now', 1\.\d+\)", prompt)
    assert "when last asked; applied up to index" in prompt
    assert "0 of 1 runs passed" in prompt


BREAKS = """
def take(self, entry):
    print("taking", entry)
    self.look_up(entry)

def look_up(self, entry):
    index, command = entry
    import json
    json.loads(f"what {index} is")
"""


@pytest.mark.slow
def test_pdb_opens_where_the_submission_raised_with_the_scenario_above(
    dictator, tmp_path
):
    looks = ["print(command)", WAITING, LOCKING]
    commands = [*looks, "up", "up", "p 'now', cluster.now", "q"]
    done = run(tmp_path, AGREEMENT, dictator(BREAKS).path, commands, "--pdb")
    report, _, prompt = done.stdout.partition("PDB post_mortem")
    assert re.search(r"server \d: JSONDecodeError: .* in the RPC handler take", report)
    assert re.search(r"s  server \d: taking \(1, ", report)
    places = re.findall(r"^(?:\(Pdb\) )*> (\S+?)\(\d+\)(\w+)\(", prompt, re.MULTILINE)
    assert [(Path(file).name, function) for file, function in places] == [
        ("raft.py", "look_up"),
        ("raft.py", "take"),
        ("test_2b_log.py", "test_basic_agreement"),
    ]
    assert "('now', 0." in prompt
    assert prompt.count("WaitRefusedError: no server runs here, nor at a debug") == 2


@pytest.mark.slow
def test_pdb_opens_in_a_module_that_cannot_be_loaded(dictator, tmp_path):
    submission = dictator().path
    file = submission / "raft.py"
    file.write_text(file.read_text() + "\nlimit = 17\nassert limit > 20\n")
    output = run(tmp_path, ELECTION, submission, ["p 'is', limit", "q"], "--pdb").stdout
    assert "AssertionError" in output.partition("PDB post_mortem")[0]
    assert "('is', 17)" in output


@pytest.mark.slow
def test_pdb_does_nothing_where_all_passes(tmp_path):
    done = run(tmp_path, ELECTION, ROOT / "raft", [], "--pdb")
    assert done.returncode == 0
    assert "(Pdb)" not in done.stdout
    assert "1 of 1 runs passed" in done.stdout


@pytest.mark.slow
def test_pdb_opens_in_a_task_that_nobody_awaited(tmp_path):
    shutil.copytree(ROOT / "tests/submissions/asyncio_raft/raft", tmp_path / "raft")
    file = tmp_path / "raft/server.py"
    handler = "    async def request_vote(self, args: RequestVote) -> Vote:\n"
    source = file.read_text()
    assert handler in source
    broken = "    async def divide(self, args):\n        args.term // 0\n\n"
    start = "        self.task = asyncio.create_task(self.divide(args))\n"
    file.write_text(source.replace(handler, f"{broken}{handler}{start}"))
    output = run(tmp_path, ELECTION, tmp_path, ["p 'it is', args", "q"], "--pdb").stdout
    assert "ZeroDivisionError" in output
    assert "('it is', RequestVote(term=1" in output
