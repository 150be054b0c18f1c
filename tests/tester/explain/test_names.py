"""A failure says which names of Figure 2 no message has, and only then."""

import msgspec
import pytest

from tester.explain.explain import explanation_blocks
from tester.explain.names import names_lines
from tester.traces.reader import Trace


def lines(writer, **header):
    return names_lines(
        Trace(msgspec.structs.replace(writer.header, **header), writer.rows)
    )


def test_messages_with_the_names_of_figure_2(elected):
    assert lines(elected) == []


def test_what_was_not_called_lacks_no_names(writer):
    assert lines(writer) == []
    writer.vote(0, 1, granted=False)
    assert lines(writer) == []


@pytest.mark.parametrize("service", ["", "kv"])
def test_names_that_no_message_has(writer, service):
    writer.rpc(0, 1, "request_vote", {"term": 1, "last": 0}, {"granted": True})
    writer.append(0, 1, (0, 0), [])
    found = lines(writer, service=service)
    assert [line.partition("): ")[2] for line in found] == (
        [] if service else ["last_log_index, last_log_term, vote_granted"]
    )
    trace = Trace(writer.header, writer.rows)
    assert lines(writer) in explanation_blocks(trace, [])


def test_methods_of_other_names(writer):
    writer.rpc(0, 1, "message", {"term": 1}, {"term": 1})
    assert lines(writer)[0].endswith("): request_vote, append_entries")
