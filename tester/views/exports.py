"""A recorded run in the formats of other tools: Perfetto and ShiViz.

Perfetto (ui.perfetto.dev) and Chrome read trace events as JSON; ShiViz
(bestchai.bitbucket.io/shiviz) reads a log with vector clocks.
"""

import json
from collections.abc import Iterator
from typing import Any

from tester.traces import rows
from tester.traces.operations import operations
from tester.traces.reader import Trace
from tester.views.moments import Moment, moments
from tester.views.phrases import phrases

# A step takes no virtual time; this makes it wide enough to be seen and clicked.
STEP_US = 50
_TRACE, _SCENARIO_TRACK = 1, 0


def perfetto_json(trace: Trace) -> bytes:
    """Return a run as Chrome trace events: a track for each server, arrows as flows."""
    events = [*_tracks(trace), *_operations(trace)]
    for moment in moments(trace):
        said = phrases(moment, trace)
        events.append(
            {
                "ph": "X",
                "name": said[0].text,
                "cat": said[0].topic,
                "ts": _us(moment.t),
                "dur": STEP_US,
                **_track(moment.server),
                "args": {str(i): phrase.text for i, phrase in enumerate(said)},
            }
        )
        events += _flows(moment)
    return json.dumps({"traceEvents": events}).encode()


def _tracks(trace: Trace) -> Iterator[dict[str, Any]]:
    for server in (-1, *trace.header.lanes):
        yield {
            "ph": "M",
            "name": "thread_name",
            **_track(server),
            "args": {"name": trace.header.lane(server)},
        }


def _operations(trace: Trace) -> Iterator[dict[str, Any]]:
    """Yield the operations of a service: spans of their own, since they may overlap."""
    end = max((row.t for row in trace.rows), default=0)
    for one in operations(trace):
        about = {
            "name": one.label,
            "cat": "operation",
            "id": one.called.operation,
            **_track(one.lane),
        }
        ends = one.returned.t if one.returned is not None else end
        yield {"ph": "b", "ts": _us(one.called.t), **about}
        yield {"ph": "e", "ts": _us(ends), **about}


def _flows(moment: Moment) -> Iterator[dict[str, Any]]:
    """Yield the beginnings and ends of arrows; a reply is an arrow of its own."""
    for row in moment.rows:
        if isinstance(row, rows.Sent | rows.Replied):
            ends = {"ph": "s"}
        elif isinstance(row, rows.Arrived | rows.ReplyArrived):
            ends = {"ph": "f", "bp": "e"}
        else:
            continue
        is_reply = isinstance(row, rows.Replied | rows.ReplyArrived)
        yield {
            **ends,
            "name": row.method,
            "cat": "reply" if is_reply else "request",
            "id": 2 * row.rpc + is_reply,
            "ts": _us(row.t),
            **_track(row.server),
        }


def _track(server: int) -> dict[str, int]:
    return {"pid": _TRACE, "tid": server + 1 if server >= 0 else _SCENARIO_TRACK}


def _us(t: int) -> float:
    return t / 1000


def shiviz_log(trace: Trace) -> bytes:
    """Return a run as ShiViz reads it by default: an event, then its host and clock."""
    servers = trace.header.lanes
    clocks: dict[int, dict[int, int]] = {server: {} for server in servers}
    sent: dict[int, dict[int, int]] = {}
    lines = []
    for moment in moments(trace):
        if moment.server not in clocks:
            continue
        clock = clocks[moment.server]
        for row in moment.of(rows.Arrived, rows.ReplyArrived):
            for server, count in sent.get(row.cause, {}).items():
                clock[server] = max(clock.get(server, 0), count)
        clock[moment.server] = clock.get(moment.server, 0) + 1
        for row in moment.of(rows.Sent, rows.Replied):
            sent[row.n] = dict(clock)
        said = " · ".join(phrase.text for phrase in phrases(moment, trace))
        named = {f"server{server}": count for server, count in sorted(clock.items())}
        lines += [said, f"server{moment.server} {json.dumps(named)}"]
    return "\n".join([*lines, ""]).encode(errors="backslashreplace")
