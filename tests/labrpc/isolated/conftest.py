"""Boxes in processes of their own; skipped where the system has no such thing."""

import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from labrpc.isolated.zygote import Zygote
from labrpc.submission.submission import Submission
from tester.judging.graded_test import GradedTest
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost, RunHosting
from tester.judging.suite import collect
from tester.verdict import Run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.platform != "linux":
        reason = "processes are isolated by what only Linux has"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def graded_tests() -> dict[str, GradedTest]:
    return {test.name: test for test in collect()}


@pytest.fixture
def zygote() -> Iterator[Callable[[Path | str], Zygote]]:
    """Start a zygote for a submission; all of them end with the test."""
    started: list[Zygote] = []

    def start(
        path: Path | str, preempt: bool = False, without: Collection[str] = ()
    ) -> Zygote:
        started.append(Zygote(Submission.find(path), preempt, without=without))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def run_isolated() -> Callable[..., Run]:
    """Run a test on boxes in processes of their own, with what is to be recorded."""

    def run(boxes: Zygote, test: GradedTest, seed: int, **recording: Any) -> Run:
        return run_test(
            RunConditions(boxes.submission, test, seed, boxes.preempt),
            RunHost(RunHosting(isolation="process"), boxes),
            Recording(**recording),
        )

    return run
