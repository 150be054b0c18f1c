"""The line at the head of a session."""

from dataclasses import replace

import pytest

from labrpc.submission.submission import Submission
from tester.intake.default_submission import REFERENCE
from tester.judging.run_hosting import RunHosting
from tester.pytest_plugin.heading import heading

KEPT = {"test_x": [3, 7], "test_y": [1]}


@pytest.mark.parametrize(
    ("changes", "kept", "words"),
    [
        ({}, {}, "seed 0, isolation none"),
        ({}, KEPT, "seed 0 after what failed before (3 runs of all tests), isolation none"),
        ({"seed_count": 10}, {}, "seeds 0 to 9, isolation none"),
        ({"first_seed": 7, "seed_count": 2}, KEPT, "seeds 7 to 8, isolation none"),
        ({"failed_only": True}, KEPT, "the seeds that failed before, isolation none"),
        ({"duration_s": 90.0}, {}, "fresh seeds from 0 on for 90 s, isolation none"),
        ({"preempt": True}, {}, "seed 0, --preempt, isolation none"),
        ({"hosting": RunHosting(real_time=True)}, KEPT, "seed 0, real time"),
        (
            {"hosting": RunHosting(isolation="process")}, {},
            "seed 0, isolation process",
        ),
    ],
)  # fmt: skip
def test_it_says_what_is_tested_at_which_seeds_and_how(
    options, changes, kept, words, monkeypatch
):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    line = heading(replace(options, **changes), kept)
    assert line == f"Raft lab: submission {options.submission.path}, {words}"


def test_the_reference_and_a_hash_seed_are_named(options, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "5")
    reference = replace(options, submission=Submission.find(REFERENCE))
    line = heading(reference, {})
    assert f"submission {REFERENCE} (the lab's reference), seed 0, hash seed 5" in line


def test_what_cannot_be_tested_is_named(options):
    line = heading(replace(options, problem="a link leads out"), {})
    assert line.startswith("Raft lab: no submission: a link leads out, seed 0")
