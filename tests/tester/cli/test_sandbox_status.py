"""What is reported of the sandbox before grading begins."""

import os
import sys
from pathlib import Path

import pytest

from labrpc.sandbox.measure import Measure
from tester.cli import sandbox_status as module
from tester.cli.sandbox_status import sandbox_status
from tester.errors import UsageError
from tester.judging.run_hosting import IN_PROCESS, RunHosting

PROCESS = RunHosting(isolation="process")
REQUIRED = RunHosting(isolation="process", require_sandbox=True)
LACKING = [Measure("files", False, "no Landlock here"), Measure("user", True, "nobody")]


def test_a_missing_layer_is_reported_and_refused_where_all_are_required(monkeypatch):
    monkeypatch.setattr(module, "sandbox_measures", lambda: LACKING)
    lines = sandbox_status(PROCESS)
    assert "  files: MISSING: no Landlock here" in lines
    assert "  user: nobody" in lines
    with pytest.raises(UsageError, match="files: no Landlock here"):
        sandbox_status(REQUIRED)


def test_without_isolation_there_is_no_sandbox():
    (line,) = sandbox_status(IN_PROCESS)
    assert "grade only code that you trust" in line
    with pytest.raises(UsageError, match="needs --isolation process"):
        sandbox_status(RunHosting(require_sandbox=True))


def test_where_python_cannot_be_started_there_is_no_isolation(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(UsageError, match="Python cannot be started again here"):
        sandbox_status(PROCESS)


def test_every_layer_is_in_force_on_this_machine():
    lines = sandbox_status(PROCESS)
    if os.uname().machine != "x86_64" or not Path("/proc/sys/kernel/seccomp").exists():
        pytest.skip("the sandbox needs x86-64 and seccomp")
    assert not [line for line in lines if "MISSING" in line]
