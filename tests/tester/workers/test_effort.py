"""A process that hangs is found by what it does, not by how long it takes."""

import pytest

from labrpc.machine.activity import Activity
from tester.workers import effort
from tester.workers.effort import JOB_CPU_S_MAX, JOB_IDLE_S_MAX, Effort


class Process:
    """What the kernel says of a process, in the eyes of a meter."""

    def __init__(self):
        self.cpu_s = self.idle_s = self.left_s = 0.0
        self.turns = 1

    def look(self, pids):
        return self.idle_s


@pytest.fixture
def process(monkeypatch):
    found = Process()
    monkeypatch.setattr(
        effort, "activity_of", lambda pid: found.turns and Activity(0.0, found.turns)
    )
    monkeypatch.setattr(effort, "cpu_seconds_of_all", lambda pids: found.cpu_s)
    monkeypatch.setattr(effort, "IdleMeter", lambda pids, look_ms: found)
    monkeypatch.setattr(effort.Deadline, "left_s", lambda deadline: found.left_s)
    return found


def test_a_process_that_uses_too_much_cpu_time_hangs(process):
    process.cpu_s = 5.0
    job = Effort(1, False, 500)
    assert job.excess() == ""
    process.cpu_s += JOB_CPU_S_MAX + 1
    assert job.excess() == "used more than 300 s of CPU time"
    assert job.cpu_s == JOB_CPU_S_MAX + 1


def test_a_process_that_sleeps_hangs(process):
    job = Effort(1, False, 500)
    process.idle_s = JOB_IDLE_S_MAX
    assert job.excess() == ""
    process.idle_s += 1
    process.turns += 1
    assert job.excess() == "was idle for more than 60 s"


def test_a_judge_that_waits_for_servers_does_not_hang_while_it_looks_after_them(
    process,
):
    job = Effort(1, True, 500)
    for _ in range(3):
        process.idle_s += JOB_IDLE_S_MAX + 1
        process.turns += 1
        assert job.excess() == ""
    process.idle_s += JOB_IDLE_S_MAX + 1
    assert job.excess() == "was idle for more than 60 s"


def test_where_nobody_counts_the_clock_does(process):
    process.turns = None
    process.left_s = 1.0
    job = Effort(1, False, 500)
    assert job.excess() == ""
    process.left_s = -1.0
    assert job.excess() == "did not answer for 600 s"
