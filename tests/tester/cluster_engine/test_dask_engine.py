"""A grading on a cluster is that of one machine, whatever of the cluster dies.

The workers of the first tests are in this process, and do what they are told to.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import msgspec
import pytest

import grade
from labrpc.sandbox.measure import Measure
from tester.cluster_engine import remote
from tester.cluster_engine.messages import Description
from tester.detection import measure as detection
from tester.errors import UsageError
from tester.grading import journal
from tester.judging.run import blank_run
from tester.judging.run_hosting import IN_PROCESS, RunHosting
from tester.judging.suite import collect
from tester.views.redaction import code_places
from tester.workers.job import LoadJob, PictureJob

REASON = "the extra `cluster` is not installed"
distributed = pytest.importorskip("distributed", reason=REASON)

# Only with `distributed`.
from tester.cluster_engine import connections, dask_engine  # noqa: E402
from tester.cluster_engine.dask_engine import DaskEngine  # noqa: E402

TESTS = "initial_election or basic_agreement"
WHAT = ["--tests", TESTS, "--seeds", "4", "--isolation", "none"]
CPU_TIME = re.compile(rb'(cpu_s|duration|execution_time|time)(": ?|=")[\d.e-]+')
# Dask's own: of workers that are killed.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def folder(dictator, tmp_path):
    (tmp_path / "class").mkdir()
    dictator(name="class/good")
    dictator("def take(self, entry): pass", name="class/deaf")
    return dictator("1 +", name="class/typo").path.parent


def files(out):
    """Return the content of all files of results, without paths and CPU times."""
    return {
        str(file.relative_to(out)): CPU_TIME.sub(
            b"", file.read_bytes().replace(str(out).encode(), b"")
        )
        for file in sorted(out.rglob("*"))
        if file.is_file() and file.name != journal.FILE
    }


def started(folder, out, *options):
    command = [sys.executable, "-m", "grade", str(folder), *WHAT, "--out", str(out)]
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)


def workers_of(client):
    """Return the processes that Dask has started for a client."""
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(client.pid)],
        capture_output=True, text=True,
    )  # fmt: skip
    lines = [line.split(None, 1) for line in found.stdout.splitlines()]
    return [int(pid) for pid, command in lines if "spawn_main" in command]


def kill(*pids):
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_workers_and_the_client_are_killed_and_nothing_is_lost(folder, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert grade.main([str(folder), *WHAT, "--jobs", "1", "--out", str(whole)]) == 0
    with started(folder, out, "--dask", "--jobs", "4") as client:
        wait_for_runs(out, client, 1)
        workers = workers_of(client)
        assert len(workers) == 4
        kill(workers[0])
        wait_for_runs(out, client, 4)
        workers = workers_of(client)
        client.kill()
        kill(*workers)
    made = len(journal.read(out).runs)
    resumed = [str(folder), *WHAT, "--jobs", "1", "--out", str(out), "--resume"]
    assert grade.main(resumed) == 0
    assert made >= 4
    assert files(out) == files(whole)


def wait_for_runs(out, client, count):
    while not (out / journal.FILE).is_file() or not (found := journal.read(out)):
        assert client.poll() is None
        time.sleep(0.01)
    while len(found.runs) < count and client.poll() is None:
        time.sleep(0.01)
        found = journal.read(out)


@pytest.fixture
def cluster():
    """Return a scheduler with two workers in this process."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None,
        protocol="tcp", host="127.0.0.1",
    ) as cluster:  # fmt: skip
        yield cluster


def test_a_cluster_says_what_it_cannot_do(cluster, dictator, monkeypatch):
    address, notes = cluster.scheduler_address, []

    def connected(hosting=IN_PROCESS):
        return DaskEngine(address, 1, hosting, notes.append)

    path = str(dictator().path)
    with connected() as engine:
        assert "2 jobs at a time" in notes[-1]
        # A worker that has not what it should have is sent it.
        fake = LoadJob(path=path, name="fake")
        digest = engine._contents.content(path, fake).digest
        engine._contents.sent.update((address, digest) for address in engine._usable)
        engine.add(fake, LoadJob(path="/nowhere", name="no"))
        loads = {job.name: load for job, load in engine.results()}
        # Workers of one machine take turns on its cores.
        slots = [slot for worker in engine._usable.values() for slot in worker.slots]
        assert sorted(slot.place for slot in slots) == [0, 1]
    assert loads["fake"].passed
    assert "/nowhere does not exist" in loads["no"].reason
    # The machines' Pythons, labs and sandboxes are looked at before anything is run.
    monkeypatch.setattr(dask_engine, "lab_digest", lambda: "newer")
    with pytest.raises(UsageError, match="it has another version of the lab"):
        connected()
    monkeypatch.undo()
    layer = Measure("files", False, "no Landlock")
    description = Description(
        dask_engine.lab_digest(), sys.version.split()[0], code_places(), [layer]
    )
    lacks = msgspec.msgpack.encode(description)
    monkeypatch.setattr(remote, "describe", lambda: lacks)
    required = RunHosting(isolation="process", require_sandbox=True)
    with pytest.raises(UsageError, match=r"--require-sandbox: .* files: no Landlock"):
        connected(required)
    with connected(RunHosting(isolation="process")):
        assert any("layers of the sandbox are MISSING: files" in n for n in notes)


SUITE = """
import pytest
from tester import codes

@pytest.mark.part("2A")
@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_own(cluster):
    "It wants too much."
    cluster.require(cluster.check_one_leader() > 2, codes.NO_LEADER, "no server 3")
"""


def test_an_instructors_suite_travels_too(cluster, dictator, tmp_path):
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_own.py").write_text(SUITE)
    path = str(dictator().path)
    options = ["--suite", str(tmp_path / "suite"), "--no-lab-tests"]
    one, there = tmp_path / "one", tmp_path / "there"
    here = ["--isolation", "none", "--jobs", "1"]
    dask = ["--isolation", "none", "--dask", cluster.scheduler_address]
    assert grade.main([path, *options, "--out", str(one), *here]) == 0
    assert grade.main([path, *options, "--out", str(there), *dask]) == 0
    assert files(there) == files(one)
    assert str(tmp_path / "suite") in (one / "results.json").read_text()


def test_measurements_are_those_of_one_machine(cluster, dictator, tmp_path):
    paths = [str(dictator().path), str(dictator("1 +", name="typo").path)]
    command = ["measure", *paths, "--trials", "1", "--no-reference"]
    one, there = tmp_path / "one", tmp_path / "there"
    here = ["--isolation", "none", "--jobs", "1"]
    dask = ["--isolation", "none", "--dask", cluster.scheduler_address]
    assert grade.main([*command, *here, "--out", str(one)]) == 1
    assert grade.main([*command, *dask, "--out", str(there)]) == 1
    assert (there / "measure.csv").read_bytes() == (one / "measure.csv").read_bytes()
    contents = [json.loads((out / "measure.json").read_text()) for out in (one, there)]
    for content in contents:
        assert content.pop("cpu")
    assert contents[0] == contents[1]


def test_detection_is_that_of_one_machine(cluster, tmp_path):
    def found(name, *options):
        file = tmp_path / name
        command = ["second_vote", "--parts", "2A", "--out", str(file), *options]
        assert detection.main(command) == 0
        digests, *runs = map(json.loads, file.read_text().splitlines())
        assert all(run.pop("cpu_s") for run in runs)
        runs.sort(key=lambda run: (run["mutant"], run["test"]))
        return digests, runs

    here = found("here.jsonl", "--jobs", "1")
    assert found("there.jsonl", "--dask", cluster.scheduler_address) == here
    assert {run["mutant"] for run in here[1]} == {"reference", "second_vote"}


def test_a_job_with_which_every_worker_is_lost_has_no_verdict(
    cluster, dictator, monkeypatch
):
    def die(order):
        raise SystemError

    monkeypatch.setattr(remote, "carry_out", die)
    path, run = str(dictator().path), blank_run(collect()[0], "fake", 0)
    jobs = [
        LoadJob(path=path, name="fake"),
        PictureJob(path=path, name="fake", run=run, folder="nowhere"),
    ]
    with DaskEngine(cluster.scheduler_address, 1, IN_PROCESS, print) as engine:
        engine.add(*jobs)
        results = list(engine.results())
    assert {type(job) for job, _ in results} == {LoadJob, PictureJob}
    for _, lost in results:
        assert lost.code.name == "process-lost"
        assert lost.reason == "3 workers were lost during this run"


def test_where_no_scheduler_is_the_person_is_told(monkeypatch):
    monkeypatch.setattr(connections, "CONNECT_S_MAX", 0.5)
    with pytest.raises(UsageError, match=r"there is no scheduler at tcp://127.0.0.1:1"):
        DaskEngine("tcp://127.0.0.1:1", 1, IN_PROCESS, print)
    with pytest.raises(UsageError, match="not encrypted"):
        DaskEngine("tcp://10.1.2.3:8786", 1, IN_PROCESS, print)


def test_a_scheduler_that_goes_leaves_what_was_done(cluster, dictator, monkeypatch):
    monkeypatch.setattr(dask_engine, "SILENT_S_MAX", 0.5)
    with DaskEngine(cluster.scheduler_address, 1, IN_PROCESS, print) as engine:
        cluster.close()
        engine.add(LoadJob(path=str(dictator().path), name="fake"))
        with pytest.raises(UsageError, match="is gone: the runs so far are kept"):
            list(engine.results())
