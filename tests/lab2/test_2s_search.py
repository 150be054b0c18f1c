"""Part 2S: search for orders of events that break a property, a bonus part."""

import pytest

from tester.scenario.checks import CheckedCluster

pytestmark = [pytest.mark.part("2S"), pytest.mark.virtual_time]


@pytest.mark.points(10)
@pytest.mark.cluster(servers=3, persistence=True)
@pytest.mark.search(states=15_000)
def test_search(cluster: CheckedCluster) -> None:
    """No order of messages, time-outs and crashes that is tried breaks a property."""
