"""What the processes of a run take together: looked at by time, whoever takes it."""

import os

import pytest

from labrpc.errors import SubmissionError
from labrpc.isolated import run_limits
from labrpc.isolated.run_limits import RUN_BYTES_MAX, RUN_IDLE_S_MAX, RunLimits

OWN, ZYGOTE, BOX = os.getpid(), 1 << 22, 1 << 21
MB = 1 << 20


class Machine:
    """What the kernel says, by process."""

    def __init__(self):
        self.bytes = {OWN: 50 * MB, ZYGOTE: 30 * MB}
        self.cpu_s = {OWN: 7.0, ZYGOTE: 1.0}
        self.idle_s, self.now_ns, self.looks = 0.0, 0, 0

    def look(self, pids):
        self.looks += 1
        return self.idle_s

    def end(self, pid):
        self.bytes.pop(pid, None)


@pytest.fixture
def machine(monkeypatch):
    found = Machine()
    for name, replacement in {
        "bytes_of": lambda pid: found.bytes.get(pid, 0),
        "cpu_seconds": lambda: found.cpu_s[OWN],
        "cpu_seconds_of": lambda pid: found.cpu_s[pid],
        "cpu_seconds_of_all": lambda pids: sum(found.cpu_s.get(p, 0) for p in pids),
        "monotonic_ns": lambda: found.now_ns,
        "IdleMeter": lambda pids, look_ms: found,
    }.items():
        monkeypatch.setattr(run_limits, name, replacement)
    return found


@pytest.fixture
def limits(machine):
    found = RunLimits(ZYGOTE)
    found.add(BOX)
    return found


def refused(limits):
    """Return the code with which a run is ended."""
    with pytest.raises(SubmissionError) as failed:
        limits.look()
    return failed.value.code.name


@pytest.mark.parametrize("who", [OWN, ZYGOTE, BOX], ids=["judge", "zygote", "box"])
def test_cpu_time_counts_whoever_uses_it(machine, limits, who):
    limits.look()
    machine.cpu_s[who] = machine.cpu_s.get(who, 0) + 121
    assert refused(limits) == "run-cpu-limit"


def test_cpu_time_of_a_box_counts_when_it_is_no_more(machine, limits):
    machine.cpu_s[BOX] = 121.0
    limits.end(BOX)
    del machine.cpu_s[BOX]
    assert limits.cpu_s == 122.0
    assert refused(limits) == "run-cpu-limit"


def test_each_run_begins_at_nothing(machine, limits):
    machine.cpu_s[ZYGOTE] = 1000.0
    machine.bytes[OWN] = 1000 * MB
    assert refused(limits) == "run-cpu-limit"
    limits.begin()
    limits.look()


def test_sleep_counts(machine, limits):
    machine.idle_s = RUN_IDLE_S_MAX
    limits.look()
    machine.idle_s += 1
    assert refused(limits) == "run-idle-limit"


@pytest.mark.parametrize("who", [OWN, BOX], ids=["judge", "box"])
def test_memory_counts_beyond_what_an_interpreter_takes(machine, limits, who):
    base = machine.bytes.get(who, machine.bytes[ZYGOTE])
    machine.bytes[who] = base + RUN_BYTES_MAX
    limits.look()
    machine.bytes[who] += 1
    assert refused(limits) == "memory-limit"


def test_memory_of_a_box_counts_that_was_killed_for_it(machine, limits):
    machine.bytes[BOX] = machine.bytes[ZYGOTE] + RUN_BYTES_MAX // 2
    limits.check_memory(machine.bytes[ZYGOTE] + RUN_BYTES_MAX // 2)
    with pytest.raises(SubmissionError):
        limits.check_memory(machine.bytes[BOX] + 1)


def test_a_look_is_due_after_a_tenth_of_a_second(machine, limits):
    limits.look_if_due()
    machine.now_ns = 99_000_000
    limits.look_if_due()
    assert machine.looks == 1
    machine.now_ns = 100_000_000
    limits.look_if_due()
    assert machine.looks == 2
