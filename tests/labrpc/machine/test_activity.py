"""Idle time: that in which a process neither runs nor waits for a processor."""

import os
import subprocess
import sys

import pytest

from labrpc.machine import activity
from labrpc.machine.activity import Activity, IdleMeter, activity_of, is_asleep

OWN, OTHER = os.getpid(), 1 << 22


@pytest.fixture
def kernel(monkeypatch):
    """What the kernel says: the time in seconds, and each process's active seconds."""
    said = {"now": 0.0, OWN: 0.0}
    monkeypatch.setattr(activity, "monotonic_ns", lambda: int(said["now"] * 10**9))
    monkeypatch.setattr(
        activity,
        "activity_of",
        lambda pid: Activity(said[pid], 1) if pid in said else None,
    )
    return said


def test_time_in_which_nobody_is_active_counts(kernel):
    meter = IdleMeter([OWN], 1000)
    kernel["now"] = 1.0
    assert meter.look([OWN]) == 1.0
    kernel.update({"now": 2.0, OWN: 0.75})
    assert meter.look([OWN]) == 1.25


def test_a_process_that_was_made_meanwhile_counts_from_its_start(kernel):
    meter = IdleMeter([OWN], 1000)
    kernel.update({"now": 1.0, OTHER: 0.5})
    assert meter.look([OWN, OTHER]) == 0.5


def test_what_a_process_did_before_the_meter_began_does_not_count(kernel):
    kernel[OTHER] = 7.0
    meter = IdleMeter([OWN, OTHER], 1000)
    kernel["now"] = 1.0
    assert meter.look([OWN, OTHER]) == 1.0


def test_a_process_that_has_ended_was_active_until_then(kernel):
    meter = IdleMeter([OWN], 1000)
    kernel.update({"now": 1.0, OTHER: 0.75})
    meter.end(OTHER)
    del kernel[OTHER]
    assert meter.look([OWN]) == 0.25
    kernel["now"] = 2.0
    assert meter.look([OWN]) == 1.25


def test_nobody_saves_activity_for_later(kernel):
    """Two that are active at one time are not idle for the less afterwards."""
    meter = IdleMeter([OWN, OTHER], 1000)
    kernel.update({"now": 1.0, OWN: 1.0, OTHER: 1.0})
    meter.look([OWN, OTHER])
    kernel["now"] = 2.0
    assert meter.look([OWN, OTHER]) == 1.0


def test_a_night_in_which_the_machine_slept_counts_as_a_moment(kernel):
    meter = IdleMeter([OWN], 100)
    kernel["now"] = 36_000.0
    assert meter.look([OWN]) == 0.2


@pytest.mark.parametrize("asleep", [True, False])
def test_where_nobody_counts_what_is_seen_counts(kernel, monkeypatch, asleep):
    del kernel[OWN]
    monkeypatch.setattr(activity, "is_asleep", lambda pid: asleep)
    meter = IdleMeter([OWN, OTHER], 1000)
    kernel["now"] = 1.0
    assert meter.look([OWN, OTHER]) == float(asleep)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of processes")
def test_the_kernel_tells_of_other_processes():
    waits = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        while not is_asleep(waits.pid):
            pass
        assert not is_asleep(OWN)
        found = activity_of(waits.pid)
        assert found is None or found.turns > 0
    finally:
        waits.communicate()
    assert activity_of(waits.pid) is None
    assert not is_asleep(waits.pid)
