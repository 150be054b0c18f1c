"""Append-only files of JSON: what is written is read back, up to a torn line."""

import json
import os

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tester import jsonl


class Point(msgspec.Struct, frozen=True):
    x: int
    name: str = ""


POINTS = [Point(1), Point(2, "two\nlines"), Point(3, "\u2028 \u85cf")]


@pytest.fixture
def file(tmp_path):
    """Return a file with the points in it, in a folder that did not exist."""
    file = tmp_path / "new" / "points.jsonl"
    appender = jsonl.Appender.open(file)
    for point in POINTS:
        appender.append(point)
    appender.close()
    return file


def test_what_is_written_is_read_back(file):
    contents = jsonl.read(file, Point)
    assert contents.records == POINTS
    assert contents.size_bytes == file.stat().st_size
    assert [json.loads(line)["x"] for line in file.read_bytes().splitlines()] == [
        1,
        2,
        3,
    ]


def test_of_a_torn_file_the_whole_lines_are_read(file):
    whole = file.read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(len(whole) + 1):
        file.write_bytes(whole[:size])
        contents = jsonl.read(file, Point)
        left = [end for end in ends if end <= size]
        assert contents.records == POINTS[: len(left)]
        assert contents.size_bytes == max(left, default=0)


@pytest.mark.parametrize(
    "torn", [b'{"x":4', b"\0\0\0\n", b'{"x":"no number"}\n', b"\n"]
)
def test_writing_goes_on_after_the_whole_lines(file, torn):
    file.write_bytes(file.read_bytes() + torn)
    contents = jsonl.read(file, Point)
    appender = jsonl.Appender.open(file)
    appender.truncate(contents.size_bytes)
    appender.append(Point(4))
    appender.sync()
    appender.close()
    assert jsonl.read(file, Point).records == [*POINTS, Point(4)]


def test_what_follows_a_torn_line_is_lost(file):
    lines = file.read_bytes().splitlines(keepends=True)
    assert list(jsonl.records([lines[0], b"torn\n", lines[1]], Point)) == POINTS[:1]


def test_a_file_can_be_begun_anew(file):
    jsonl.Appender.open(file, keep=False).close()
    assert jsonl.read(file, Point) == jsonl.Contents([], 0)


def test_a_record_is_with_the_system_before_the_file_is_closed(tmp_path):
    appender = jsonl.Appender.open(tmp_path / "x")
    appender.append(POINTS[0])
    assert jsonl.read(tmp_path / "x", Point).records == POINTS[:1]
    appender.close()


def test_a_record_that_is_larger_than_a_pipe_is_written_whole(monkeypatch, tmp_path):
    really_write = os.write
    monkeypatch.setattr(jsonl.os, "write", lambda fd, data: really_write(fd, data[:7]))
    appender = jsonl.Appender.open(tmp_path / "x")
    appender.append(POINTS[1])
    appender.close()
    assert jsonl.read(tmp_path / "x", Point).records == [POINTS[1]]


def test_who_writes_to_a_pipe_that_nobody_reads_is_refused():
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    appender = jsonl.Appender(write_fd)
    with pytest.raises(BrokenPipeError):
        appender.append(POINTS[0])
    appender.close()


@pytest.mark.parametrize(
    ("record", "written"),
    [
        (Point(1, "\udcff"), {"x": 1, "name": "\\udcff"}),
        ({(1, 2): "a"}, {"(1, 2)": "a"}),
    ],
)
def test_what_json_cannot_hold_is_escaped(record, written):
    assert json.loads(jsonl.encode(record)) == written


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.text() | st.booleans() | st.none()), st.binary())
def test_whatever_is_appended_to_a_line_ends_the_file_there(values, tail):
    lines = [jsonl.encode({"value": value}) + b"\n" for value in values]
    data = b"".join(lines) + b"]" + tail
    found = list(jsonl.records(data.splitlines(keepends=True), dict))
    assert found == [json.loads(line) for line in lines]
