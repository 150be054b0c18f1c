"""Reading a trace back, as rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tester import jsonl
from tester.errors import UsageError
from tester.traces.rows import (
    TRACE_VERSION,
    AnyRow,
    Called,
    Dropped,
    End,
    Header,
    Replied,
    Sent,
)


@dataclass(frozen=True)
class Trace:
    """A recorded run.

    Attributes:
        header: what the run is.
        rows: what happened, in order.
        end: what came of it, None if the recording ends before.
        dropped: how many rows are missing at the beginning, and until when; None if
            none are.
    """

    header: Header
    rows: list[AnyRow]
    end: End | None = None
    dropped: Dropped | None = None
    sent: dict[int, Sent] = field(default_factory=dict)
    """The request of each RPC, as far as it was not dropped."""
    replied: dict[tuple[int, bool], Replied] = field(default_factory=dict)
    """The replies to each RPC: to the original request, and to a copy (True)."""
    called: dict[int, Called] = field(default_factory=dict)
    """The call of each operation of a service, as far as it was not dropped."""

    @property
    def failed(self) -> bool:
        """Whether the run failed."""
        return self.end is not None and self.end.verdict == "failed"


def read_trace(file: Path) -> Trace:
    """Return the trace in a file, up to a torn line.

    Raises:
        UsageError: there is no trace of this version in it.
    """
    try:
        with file.open("rb") as lines:
            header = _read_header(file, lines.readline())
            found = list(_records(lines))
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}") from None
    rows: list[AnyRow] = [
        row for row in found if type(row) is not Dropped and type(row) is not End
    ]
    return Trace(
        header=header,
        rows=rows,
        end=next((row for row in found if type(row) is End), None),
        dropped=next((row for row in found if type(row) is Dropped), None),
        sent={row.rpc: row for row in rows if type(row) is Sent},
        replied={(r.rpc, r.copy): r for r in rows if type(r) is Replied},
        called={row.operation: row for row in rows if type(row) is Called},
    )


def _read_header(file: Path, line: bytes) -> Header:
    version = (jsonl.decode(line, dict[str, Any]) or {}).get("trace")
    header = jsonl.decode(line, Header) if version == TRACE_VERSION else None
    if header is not None:
        return header
    if type(version) is int:
        raise UsageError(
            f"{file} is a trace of version {version}, and this lab reads version "
            f"{TRACE_VERSION}: record the run again, with the replay command of its "
            "failure (a run with one seed is the same every time)"
        )
    raise UsageError(
        f"{file} is not a trace: `pytest --lab-trace` writes one for each run"
    )


_decode_row = msgspec.json.Decoder(AnyRow).decode


def _records(lines: Any) -> Iterator[AnyRow | Dropped | End]:
    for line in lines:
        if not line.endswith(b"\n"):
            return
        try:
            yield _decode_row(line)
        except msgspec.DecodeError:
            other = jsonl.decode(line, Dropped) or jsonl.decode(line, End)
            if other is None:
                return
            yield other
