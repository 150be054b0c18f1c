"""The file of a trace: lines are added as the run goes on, and its size is bounded.

What happened is on disk even if the run never ends, unless lines are collected on purpose.
Where a file would grow too large, the older half of its rows is dropped: a failure shows
in the last ones.
"""

import os
from pathlib import Path
from typing import Any

from tester import jsonl
from tester.traces.rows import Dropped, End, Header, Row

TRACE_BYTES_MAX = 32 << 20
_LINES_COLLECTED_MAX = 500


class TraceFile:
    """Writes a header, rows, and the end of a run.

    Args:
        file: where to; its directory is made if need be.
        header: what the run is.
        bytes_max: how large the file may become.
        at_once: whether each line is written at once, and not some hundreds together.

    Attributes:
        problem: why the file is not whole, "" if it is: a full disk, or a folder that
            cannot be written. Nothing more is written then.
    """

    def __init__(
        self,
        file: Path,
        header: Header,
        bytes_max: int = TRACE_BYTES_MAX,
        at_once: bool = True,
    ) -> None:
        self.problem = ""
        self._lines: list[bytes] = []
        self._lines_max = 1 if at_once else _LINES_COLLECTED_MAX
        self._file = file
        self._header = header
        self._bytes_max = bytes_max
        self._rows = 0
        self._dropped = 0
        self._bytes = 0
        self._out: jsonl.Appender | None = None
        try:
            self._out = jsonl.Appender.open(file, keep=False)
        except OSError as exc:
            self._give_up(exc)
        self._write(header)

    def add(self, kind: type[Row], **fields: Any) -> int:
        """Write a row of a kind, and return its number."""
        self._rows += 1
        self._write(kind(n=self._rows, **fields))
        if self._bytes > self._bytes_max:
            self._drop_older_half()
        return self._rows

    def end(self, end: End) -> None:
        """Write the last line, and close the file."""
        self._write(end)
        self._flush()
        if self._out is not None:
            self._out.close()

    def _write(self, record: Any) -> None:
        if self._out is None:
            return
        line = jsonl.encode(record) + b"\n"
        self._bytes += len(line)
        self._lines.append(line)
        if len(self._lines) >= self._lines_max:
            self._flush()

    def _flush(self) -> None:
        lines = b"".join(self._lines)
        self._lines.clear()
        if self._out is None:
            return
        try:
            self._out.write(lines)
        except OSError as exc:
            self._give_up(exc)

    def _give_up(self, exc: OSError) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None
        reason = exc.strerror or exc
        self.problem = f"traces cannot be written to {self._file.parent}: {reason}"

    def _drop_older_half(self) -> None:
        """Write the file anew, beside itself, with the newer half of its rows."""
        self._flush()
        lines = self._file.read_bytes().splitlines(keepends=True)
        del lines[: 2 if self._dropped else 1]
        kept: list[bytes] = []
        room = self._bytes_max // 2
        while lines and (room := room - len(lines[-1])) >= 0:
            kept.append(lines.pop())
        self._dropped += len(lines)
        last = jsonl.decode(lines[-1], dict[str, Any]) if lines else None
        dropped = Dropped(dropped=self._dropped, until_t=int((last or {}).get("t", 0)))
        head = [jsonl.encode(line) + b"\n" for line in (self._header, dropped)]
        beside = self._file.with_name(f".{self._file.name}.new")
        if self._out is not None:
            self._out.close()
        try:
            beside.write_bytes(b"".join([*head, *reversed(kept)]))
            os.replace(beside, self._file)
            self._out = jsonl.Appender.open(self._file)
        except OSError as exc:
            self._out = None
            self._give_up(exc)
        self._bytes = sum(map(len, [*head, *kept]))
