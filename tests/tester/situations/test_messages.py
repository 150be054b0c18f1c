"""Requests are read by the names of Figure 2, and with the indices of the service."""

import pickle

import pytest

from tester.situations.messages import MessageReader
from tester.situations.model import Append, Install, VoteRequest


@pytest.fixture
def reader():
    return MessageReader({})


def vote(reader, last):
    body = {"term": 1, "last_log_index": last, "last_log_term": 0}
    return reader.request(0, 1, "Raft.request_vote", pickle.dumps(body))


def append(reader, prev):
    body = {"term": 1, "prev_log_index": prev, "entries": [], "leader_commit": prev}
    return reader.request(0, 1, "Raft.append_entries", pickle.dumps(body))


def install(reader, index):
    body = {"term": 1, "last_included_index": index, "last_included_term": 1}
    return reader.request(0, 1, "Raft.install_snapshot", pickle.dumps(body))


def test_requests_are_read(reader):
    assert isinstance(vote(reader, 0), VoteRequest)
    assert isinstance(append(reader, 0), Append)
    assert isinstance(install(reader, 3), Install)


def test_nothing_is_read_of_logs_that_begin_at_index_zero(reader):
    assert vote(reader, -1) is append(reader, -1) is None
    assert vote(reader, 4) is append(reader, 4) is install(reader, 4) is None


def test_a_candidate_that_misstates_its_empty_log_is_read_once_a_leader_sends(reader):
    assert vote(reader, -1) is None
    assert isinstance(append(reader, 0), Append)
    assert isinstance(vote(reader, -1), VoteRequest)


def test_a_next_index_that_begins_too_low_is_read(reader):
    vote(reader, 0)
    assert isinstance(append(reader, -1), Append)
