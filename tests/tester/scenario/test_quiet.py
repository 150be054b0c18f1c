"""A cluster becomes quiet or not: each way in which it may not is seen once."""

import pytest

from labrpc.errors import SubmissionError
from tester import codes
from tester.scenario.measured_cluster import QUIET_S_MAX

# Server 0 sends to server 1 from the start, as often and as much as is filled in.
SENDS = """
    def set_up(self):
        if self.me == 0:
            threading.Thread(target=self.talk).start()
    def talk(self):
        time.sleep(0.1)  # Until the other is there.
        while time.monotonic() < {until_s}:
            self.peers[1].call("Raft.hear", "x" * {size})
            time.sleep({pause_s})
    def hear(self, text):
        return True
"""


def sends(until_s=1000, size=1, pause_s=0.1):
    return SENDS.format(until_s=until_s, size=size, pause_s=pause_s)


def test_heartbeats_are_quiet(make_cluster):
    cluster = make_cluster(sends())
    cluster.check_quiet()
    assert cluster.now < 3


def test_a_cluster_may_take_some_seconds_to_become_quiet(make_cluster):
    cluster = make_cluster(sends(until_s=2.5, pause_s=0.004))
    cluster.check_quiet()
    assert 3 <= cluster.now < QUIET_S_MAX


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("traffic", "code"),
    [
        ({"pause_s": 0.005}, codes.TOO_MANY_RPCS),
        ({"size": 5000}, codes.TOO_MANY_BYTES),
    ],
)
def test_traffic_without_end_is_a_failure(make_cluster, traffic, code):
    cluster = make_cluster(sends(**traffic))
    with pytest.raises(SubmissionError, match=f"{QUIET_S_MAX} s after") as failed:
        cluster.check_quiet()
    assert failed.value.code == code


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("lags", "said"),
    [(True, "server 1 lagged, with index 0 of 9"), (False, "heartbeat")],
)
def test_requests_without_end_may_be_for_a_server_that_lags(
    make_cluster, monkeypatch, lags, said
):
    cluster = make_cluster(sends(pause_s=0.005))
    applied = [9, 0 if lags else 9, 9]
    monkeypatch.setattr(cluster, "last_applied", applied.__getitem__)
    with pytest.raises(SubmissionError, match=f"{QUIET_S_MAX} s after") as failed:
        cluster.check_quiet()
    assert said in failed.value.evidence


def test_elections_without_end_are_a_failure(make_cluster):
    cluster = make_cluster("""
        def get_state(self):
            return int(time.monotonic() * 2) + 1, self.me == 0
        def set_up(self):
            threading.Thread(target=self.save_often).start()
        def save_often(self):
            while True:
                self.persister.save(b"", None)
                time.sleep(0.3)
    """)
    with pytest.raises(SubmissionError, match="elect leaders") as failed:
        cluster.check_quiet()
    assert failed.value.code == codes.UNSTABLE_TERM
