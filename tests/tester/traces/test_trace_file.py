"""The file of a trace: of bounded size, and read back with what is missing."""

import pytest

from tester.errors import UsageError
from tester.traces import rows
from tester.traces.reader import read_trace
from tester.traces.trace_file import TraceFile

HEADER = rows.Header(trace=rows.TRACE_VERSION, test="test_x", servers=3)
END = rows.End(verdict="passed")


def write(file, count, bytes_max=1 << 20, at_once=True):
    out = TraceFile(file, HEADER, bytes_max, at_once)
    for t in range(count):
        out.add(rows.Printed, t=t, server=0, line="x" * 50)
    return out


def test_what_is_written_is_read_back(tmp_path):
    file = tmp_path / "new" / "x.jsonl"
    write(file, 3).end(END)
    trace = read_trace(file)
    assert trace.header == HEADER
    assert [(row.n, row.t, row.server) for row in trace.rows] == [
        (1, 0, 0), (2, 1, 0), (3, 2, 0),
    ]  # fmt: skip
    assert (trace.end, trace.dropped) == (END, None)


def test_the_oldest_rows_are_dropped_and_that_is_said(tmp_path):
    file = tmp_path / "x.jsonl"
    write(file, 1000, bytes_max=10_000).end(END)
    assert file.stat().st_size < 10_500
    trace = read_trace(file)
    numbers = [row.n for row in trace.rows]
    assert numbers == list(range(numbers[0], 1001))
    assert trace.dropped == rows.Dropped(dropped=numbers[0] - 1, until_t=numbers[0] - 2)
    assert trace.end == END


@pytest.mark.parametrize("bytes_max", [1 << 20, 10_000])
def test_rows_that_are_collected_give_the_same_file(tmp_path, bytes_max):
    at_once, collected = tmp_path / "at_once", tmp_path / "collected"
    write(at_once, 600, bytes_max).end(END)
    out = write(collected, 600, bytes_max, at_once=False)
    assert collected.stat().st_size < at_once.stat().st_size
    out.end(END)
    assert collected.read_bytes() == at_once.read_bytes()


def test_a_trace_that_was_cut_off_is_read_to_its_last_whole_line(tmp_path):
    file = tmp_path / "x.jsonl"
    write(file, 3).end(END)
    file.write_bytes(file.read_bytes()[:-5])
    trace = read_trace(file)
    assert (len(trace.rows), trace.end) == (3, None)
    file.write_bytes(file.read_bytes() + b'{"event":"unheard"}\n')
    assert len(read_trace(file).rows) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a trace: `pytest --lab-trace` writes one"),
        ("x\n", "is not a trace"),
        ("[]\n", "is not a trace"),
        ('{"trace": 1}\n', "is a trace of version 1, and this lab reads version 2: record"),
        ('{"trace": 2, "test": 3}\n', "is a trace of version 2"),
    ],
)  # fmt: skip
def test_what_is_no_trace_is_said(tmp_path, text, words):
    file = tmp_path / "x.jsonl"
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_trace(file)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_trace(tmp_path / "nowhere")
