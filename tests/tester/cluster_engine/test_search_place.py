"""A search in parts on a cluster finds what it finds on one machine."""

import re

import pytest

import grade
from labrpc.errors import LabError
from tester.codes import PROCESS_LOST
from tester.detection import by_search
from tester.search.choices import Setting
from tester.search.parallel import STOPPED, Part, PartOutcome, searched_in_parts
from tester.workers.engine import WorkerLost

REASON = "the extra `cluster` is not installed"
distributed = pytest.importorskip("distributed", reason=REASON)

# Only with `distributed`.
from tester.cluster_engine.search_place import ClusterPlace  # noqa: E402

# Each server says of itself that it leads, or none does; nothing else ever happens.
STUBBORN = """\
class Raft:
    def __init__(self, peers, me, persister, apply_ch): pass
    def get_state(self): return 1, {leads}
    def start(self, command): return -1, 1, False
    def snapshot(self, index, snapshot): pass
"""


class FakeEngine:
    """Answers jobs in their order by a list of answers; an exception is raised."""

    def __init__(self, *answers):
        self.answers_left, self.jobs, self.stopped, self.closed = [*answers], [], [], 0

    def add(self, *jobs):
        self.jobs += jobs

    def answers(self):
        while self.jobs:
            answer = self.answers_left.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            yield self.jobs.pop(0), answer

    def stop(self, is_stopped):
        self.stopped.append([job.part.number for job in self.jobs if is_stopped(job)])
        self.jobs = [job for job in self.jobs if not is_stopped(job)]

    def close(self):
        self.closed += 1


def searched(engine, count, states_max=30):
    parts = [
        Part("/amy", "none", False, number, Setting(), "0", states_max, None)
        for number in range(count)
    ]
    return searched_in_parts(parts, ClusterPlace(engine, parts))


def test_each_part_is_a_job():
    engine = FakeEngine(PartOutcome(3, 0.1), PartOutcome(4, 0.1))
    outcomes, interrupted = searched(engine, 2)
    assert [outcome.states for outcome in outcomes] == [3, 4]
    assert not interrupted
    assert engine.closed == 1


@pytest.mark.parametrize(("states_max", "stopped"), [(30, [2]), (None, [1, 2])])
def test_what_one_has_found_ends_others(states_max, stopped):
    first, found = PartOutcome(3, 0.1), PartOutcome(4, 0.1, run="servers 3\n")
    engine = FakeEngine(*([first, found] if states_max else [found]))
    outcomes, _ = searched(engine, 3, states_max)
    assert engine.stopped == [stopped]
    assert [outcome is STOPPED for outcome in outcomes] == [
        n in stopped for n in range(3)
    ]


def test_ctrl_c_ends_all_with_what_they_have():
    engine = FakeEngine(PartOutcome(3, 0.1), KeyboardInterrupt())
    outcomes, interrupted = searched(engine, 3)
    assert interrupted
    assert engine.stopped == [[1, 2]]
    assert outcomes == [PartOutcome(3, 0.1), STOPPED, STOPPED]


def test_a_part_that_is_lost_is_no_result():
    engine = FakeEngine(WorkerLost(PROCESS_LOST, "3 workers were lost"))
    with pytest.raises(LabError, match="part 0 of the search: 3 workers were lost"):
        searched(engine, 2)
    assert engine.stopped == [[1]]
    assert engine.closed == 1


# With workers.


@pytest.fixture
def search(tmp_path, monkeypatch, capsys):
    """Return a function that searches, and returns what is printed but for times."""
    monkeypatch.chdir(tmp_path)

    def run(leads, *options):
        (tmp_path / "stubborn.py").write_text(STUBBORN.format(leads=leads))
        command = ["search", "stubborn.py", "--isolation", "none", "--elections-only"]
        status = grade.main([*command, "--states", "300", *options])
        lines = capsys.readouterr().out.splitlines()
        lines = [line for line in lines if not line.startswith("cluster: ")]
        return status, [re.sub(r"[\d.]+ s of CPU", "", line) for line in lines]

    return run


@pytest.fixture
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None,
        protocol="tcp", host="127.0.0.1",
    ) as cluster:  # fmt: skip
        yield cluster


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("leads", ["True", "False", "self.me < 0"])
def test_a_cluster_finds_what_one_machine_does(cluster, search, leads):
    dask = ("--dask", cluster.scheduler_address)
    assert search(leads, "--jobs", "3", *dask) == search(leads, "--jobs", "3")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mutants_are_searched_by_a_cluster(cluster, tmp_path, monkeypatch, capsys):
    tables = []
    for options in ([], ["--dask", cluster.scheduler_address]):
        folder = tmp_path / str(len(tables))
        folder.mkdir()
        monkeypatch.chdir(folder)
        by_search.main(["second_vote", "term_not_saved", "--for", "9s", *options])
        rows = capsys.readouterr().out.splitlines()[2:4]
        # All but the CPU time.
        tables.append([(row.split("|")[1], row.split("|")[-3:]) for row in rows])
    assert tables[0] == tables[1]
    assert " - " not in str(tables)
