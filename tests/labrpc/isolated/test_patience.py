"""How long the judge waits for a box that says nothing."""

import os

import pytest

from labrpc import codes
from labrpc.errors import SubmissionError
from labrpc.isolated import patience
from labrpc.isolated.patience import Patience


@pytest.mark.parametrize("limit", ["SILENT_CPU_S_MAX", "SILENT_IDLE_S_MAX"])
def test_a_box_that_takes_too_long_is_given_up(limit, monkeypatch):
    waiting = Patience(2, os.getpid())
    waiting.look()
    monkeypatch.setattr(patience, limit, -1.0)
    with pytest.raises(SubmissionError, match="server 2: its process") as failure:
        waiting.look()
    assert failure.value.code is codes.PROCESS_SILENT
