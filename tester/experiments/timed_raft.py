"""A Raft of which an experiment chooses the times."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labrpc.submission.submission import Submission
from tester.errors import UsageError

# What the experiments need of a class, beyond the contract.
TIMES = ("heartbeat_interval_s", "election_timeout_s_min", "election_timeout_s_max")


@dataclass(frozen=True)
class ElectionTimeouts:
    """The range of the election time-out, in milliseconds of virtual time.

    The heartbeat interval is half of the shortest time-out, as in the paper.
    """

    shortest_ms: float
    longest_ms: float

    @property
    def heartbeat_ms(self) -> float:
        """Return the leader's heartbeat interval."""
        return self.shortest_ms / 2

    def __str__(self) -> str:
        return f"{self.shortest_ms:g}-{self.longest_ms:g} ms"


@contextmanager
def timed(
    raft_folder: Path, timeouts: ElectionTimeouts, body: str = ""
) -> Iterator[Submission]:
    """Make a submission of the Raft in a folder, with other times.

    Args:
        raft_folder: the package that holds the class `Raft` with the attributes `TIMES`.
        timeouts: its election time-outs.
        body: statements that are added to the class, for a variant of it.

    Raises:
        UsageError: the folder holds no package.
    """
    if not (raft_folder / "__init__.py").is_file():
        raise UsageError(f"{raft_folder} is no package with a class Raft")
    times = (timeouts.heartbeat_ms, timeouts.shortest_ms, timeouts.longest_ms)
    assignments = [
        f"{name} = {time_ms / 1000}" for name, time_ms in zip(TIMES, times, strict=True)
    ]
    lines = "\n".join([*assignments, *body.splitlines()])
    with tempfile.TemporaryDirectory(prefix="raft-lab-") as folder:
        (Path(folder) / "raft").symlink_to(raft_folder.resolve())
        file = Path(folder) / "timed.py"
        indented = "\n".join(f"    {line}" for line in lines.splitlines())
        file.write_text(
            "import random\nimport time\n"
            "from raft import Raft as Reference\n\n\n"
            f"class Raft(Reference):\n{indented}\n"
        )
        yield Submission.find(file)
