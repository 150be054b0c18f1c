"""Is a submission deterministic? Runs a seed twice, and compares every event.

The second run is in another process with another hash seed. Where the two
differ, a third run, in this process again, distinguishes the order of sets of strings
(which changes with the hash seed only) from other leaks.
"""

import ast
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from labrpc.errors import LabError
from labrpc.submission.submission import Submission
from tester.codes import NOT_DETERMINISTIC
from tester.judging.run import Recording, TakeLine, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.text import cut
from tester.verdict import Run, Verdict, conclude
from tester.workers.job import RunJob
from tester.workers.pool import GradingProcess

STEP_CHARS_MAX = 300
OTHER_HASH_SEED = 4242
# Objects up to this size share pools of memory, in which freed places are taken again.
SMALL_BYTES_MAX = 512
HELD = 500
# Fields that number rows: they differ where one run has printed more.
NUMBERS = {"n", "step", "cause"}


class DeterminismCheck:
    """Compares two runs of one seed; has a second process while it is open."""

    def __init__(self) -> None:
        self._process: GradingProcess | None = None

    def run(
        self,
        conditions: RunConditions,
        host: RunHost,
        on_line: TakeLine | None = None,
    ) -> Run:
        """Run a test twice; a passed run fails if the two were not the same.

        Args:
            conditions: all that the first run depends on; the second has another
                hash seed.
            host: where the first is run; the second is hosted likewise.
            on_line: takes what servers print in the first of them.
        """
        with tempfile.TemporaryDirectory() as directory:
            here, there = Path(directory) / "here", Path(directory) / "there"
            run = run_test(conditions, host, Recording(traces=here, on_line=on_line))
            other = self._run_elsewhere(conditions, host, there)
            if run.digest == other.digest:
                return run
            held = _objects_of_every_size()
            again = run_test(conditions, host, Recording(digest=True))
            del held
            reason = f"two runs of one seed differ: {self._leak(run, again)}"
            run.replay = run.replay.replace("--lab-trace", "--lab-check-determinism")
            suspects = _suspects(conditions.submission)
            try:
                difference = _first_difference(here, there)
            except (OSError, ValueError):
                difference = ["there was no room on the disk for their traces"]
            evidence = "\n".join([*difference, *suspects])
            conclude(run, Verdict.FAILED, NOT_DETERMINISTIC, reason, evidence)
        return run

    def _run_elsewhere(
        self, conditions: RunConditions, host: RunHost, traces: Path
    ) -> Run:
        if self._process is None:
            self._process = GradingProcess(hash_seed=OTHER_HASH_SEED)
        self._process.give(
            RunJob(
                path=str(conditions.submission.path),
                name=conditions.submission.name,
                preempt=conditions.preempt,
                hosting=host.hosting,
                test=conditions.test.name,
                lab=conditions.test.lab,
                suite=str(conditions.test.suite or ""),
                seed=conditions.seed,
                traces=str(traces),
            )
        )
        run = self._process.receive()
        if not isinstance(run, Run):
            self.close()
            raise LabError("the second process of the determinism check died")
        return run

    @staticmethod
    def _leak(run: Run, again: Run) -> str:
        if run.digest == again.digest:
            return (
                "they are the same under one hash seed, so most likely the order of a "
                "set of strings or bytes, or hash() of one, decides something"
            )
        return (
            "even in one process, so id() or hash() of an object, the order of a set "
            "of objects, or a clock or entropy from outside decides something"
        )

    def close(self) -> None:
        """End the second process."""
        if self._process is not None:
            self._process.stop()
            self._process = None


def _objects_of_every_size() -> list[bytes]:
    """Return objects that take the places of those that an earlier run has freed.

    Otherwise new objects often come to the same addresses, and have the same id().
    """
    return [bytes(size) for size in range(1, SMALL_BYTES_MAX, 8) for _ in range(HELD)]


def _suspects(submission: Submission) -> list[str]:
    """Return the places in a submission that could be the leak."""
    found = []
    for file in submission.files.values():
        if file is None:
            continue
        for node in ast.walk(ast.parse(file.read_bytes())):
            what = _suspicion(node)
            if what:
                place = f"{submission.relative(file)}:{node.lineno}"  # type: ignore[attr-defined]
                found.append(f"  {place}: {what}")
    return ["places to look at:", *sorted(found)] if found else []


def _suspicion(node: ast.AST) -> str:
    """Return why a piece of a program may make runs differ, "" if it does not."""
    if isinstance(node, (ast.Set, ast.SetComp)):
        return "a set: its order is not fixed; sort it, or use a dict"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("set", "frozenset"):
            return "a set: its order is not fixed; sort it, or use a dict"
        if node.func.id in ("id", "hash"):
            return f"{node.func.id}() differs from run to run"
    return ""


def _first_difference(here: Path, there: Path) -> list[str]:
    """Return the first event that is not the same in two traces."""
    (one,), (two,) = here.iterdir(), there.iterdir()
    with one.open() as left, two.open() as right:
        for first, second in zip(_compared(left), _compared(right), strict=False):
            if first != second:
                server = f", server {first['server']}" if "server" in first else ""
                return [
                    f"first difference at {first['t'] / 1e9:.6f} s{server}:",
                    f"  one run:   {_short(first)}",
                    f"  the other: {_short(second)}",
                ]
    return ["one run is longer than the other"]


def _compared(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows that equal runs have in common, without their numbers.

    Left out is what two equal runs may show differently: printed lines, and state.
    """
    for line in lines:
        row = json.loads(line)
        if row.get("event", "printed") not in ("printed", "changed"):
            yield {field: row[field] for field in row if field not in NUMBERS}


def _short(row: dict[str, Any]) -> str:
    return cut(json.dumps(row), STEP_CHARS_MAX)
