"""Failure messages of part 3A about replies, counters and entries."""

from types import SimpleNamespace

import pytest

from labrpc.errors import SubmissionError
from tester.scenario.kv_answers import ok_without_commit
from tester.scenario.rsm_cluster import RsmCluster


class Shown(RsmCluster):
    """A cluster without servers, whose log has 101 commands."""

    def __init__(self):
        self.invariants = SimpleNamespace(decided=dict.fromkeys(range(1, 102)))

    def fail(self, code, headline, evidence="", facts=()):
        raise SubmissionError(code, headline, evidence)


@pytest.mark.parametrize(
    ("counters", "reply_of", "code"),
    [
        ((101, 101, 101), "submit(1) of server 2", "wrong-reply"),
        ((101, 101, 101), "", "counters-differ"),
        ((101, 101, 202), "submit(1) of server 2", "counters-differ"),
        ((202, 202, 202), "submit(1) of server 2", "counters-differ"),
    ],
)
def test_counters_that_agree_with_the_log_show_a_wrong_reply(counters, reply_of, code):
    with pytest.raises(SubmissionError) as raised:
        Shown()._fail_counters(3, 3, dict(enumerate(counters)), reply_of)
    assert raised.value.code.name == code
    assert reply_of in raised.value.headline


def test_an_entry_that_was_applied_again_is_no_new_one():
    headline, _ = ok_without_commit("submit(1) of server 1")
    assert headline.endswith("had applied an entry that none had applied before")
