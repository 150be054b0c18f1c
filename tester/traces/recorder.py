"""A recorded run as a file: JSON Lines, readable without this project's code.

docs/trace.md documents the format. The file is written as the run goes on,
so that what happened is on disk even if the run never ends.
"""

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from labrpc.world.events import Action, Event
from labrpc.world.recorder import DigestRecorder
from labrpc.world.rpc import Incarnation
from tester import jsonl
from tester.verdict import Run
from tester.versions import lab_version

TRACE_VERSION = 1


class TraceRecorder(DigestRecorder):
    """Writes every event and action of a run to a file, and keeps the digest.

    Args:
        file: where to; its directory is made if need be.
        header: what the first line says of the run, beside the versions.

    Attributes:
        problem: why the file is not whole, "" if it is: a full disk, or a folder that
            cannot be written. The run goes on, and so does its digest.
    """

    def __init__(self, file: Path, header: dict[str, Any]) -> None:
        super().__init__()
        self._file = file
        self._lines: jsonl.Appender | None = None
        self.problem = ""
        try:
            self._lines = jsonl.Appender.open(file, keep=False)
        except OSError as exc:
            self._give_up(exc)
        versions = {"lab": lab_version(), "python": platform.python_version()}
        self._write({"trace": TRACE_VERSION, **header, **versions})

    def stepped(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Write one step of a box."""
        super().stepped(now_ns, host, event, actions)
        self._write(
            {
                "t": now_ns,
                "server": host.server,
                "incarnation": host.incarnation,
                "event": _named(event),
                "actions": [_named(action) for action in actions],
            }
        )

    def controlled(self, now_ns: int, verb: str, args: tuple[object, ...]) -> None:
        """Write something that the scenario did."""
        super().controlled(now_ns, verb, args)
        self._write({"t": now_ns, "control": verb, "args": args})

    def finish(self, run: Run) -> None:
        """Write the last line: what came of the run, and the digest."""
        self._write(
            {
                "verdict": run.verdict,
                "code": run.code,
                "reason": run.reason,
                "steps": self.steps,
                "digest": self.hexdigest(),
            }
        )
        if self._lines is not None:
            self._lines.close()

    def _write(self, line: dict[str, Any]) -> None:
        """Write a line, unless an earlier one could not be written."""
        if self._lines is None:
            return
        try:
            self._lines.append(line)
        except OSError as exc:
            self._lines.close()
            self._lines = None
            self._give_up(exc)

    def _give_up(self, exc: OSError) -> None:
        reason = exc.strerror or exc
        self.problem = f"traces cannot be written to {self._file.parent}: {reason}"


def _named(frame: Event | Action) -> dict[str, Any]:
    """Return an event or action with its name and the names of its fields."""
    return {"type": type(frame).__name__, **msgspec.structs.asdict(frame)}
