"""Part 3S: search for orders of events that break a property, a bonus part."""

import pytest

from tester.scenario.kv_cluster import KVCluster

pytestmark = [pytest.mark.part("3S"), pytest.mark.virtual_time]


@pytest.mark.points(10)
@pytest.mark.cluster(servers=3, service="kv", clerks=2)
@pytest.mark.search(states=6_000)
def test_kv_search(cluster: KVCluster) -> None:
    """No order of gets, puts, messages, time-outs and crashes breaks a property."""
