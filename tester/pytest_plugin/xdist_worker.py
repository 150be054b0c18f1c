"""What xdist's workers and the process that reports know of each other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_KEPT, _NAMED, _RUN_LOGS = "lab_kept", "lab_named", "lab_run_logs"


@dataclass(frozen=True)
class XdistWorker:
    """A worker of xdist, seen from inside.

    Attributes:
        id: its name, such as "gw3".
        count: how many workers there are.
        kept: the seeds at which each test failed before this session. All workers
            must have the same items, even one that replaces another, after failures
            have been added.
        named: the batches of each test that node ids name.
        run_logs: the directory of the workers' run logs.
    """

    id: str
    count: int
    kept: dict[str, list[int]]
    named: dict[str, list[str]]
    run_logs: Path

    @classmethod
    def of(cls, config: pytest.Config) -> "XdistWorker | None":
        """Return the worker that this process is, None if it is none."""
        sent: dict[str, Any] | None = getattr(config, "workerinput", None)
        if sent is None:
            return None
        return cls(
            sent["workerid"],
            sent["workercount"],
            sent[_KEPT],
            sent[_NAMED],
            Path(sent[_RUN_LOGS]),
        )

    @property
    def number(self) -> int:
        """Which of the workers it is."""
        return int(self.id.removeprefix("gw"))


def send_to_worker(
    workerinput: dict[str, Any],
    kept: dict[str, list[int]],
    named: dict[str, list[str]],
    run_logs: str,
) -> None:
    """Send a worker what it must have in common with the others."""
    workerinput[_KEPT] = kept
    workerinput[_NAMED] = named
    workerinput[_RUN_LOGS] = run_logs
