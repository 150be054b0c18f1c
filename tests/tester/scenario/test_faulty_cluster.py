"""Each fault does what its verb says, and healing undoes them all."""

from fractions import Fraction

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.world import crash_points
from labrpc.world.observer import Observer
from tester.scenario.state_machine import TAKE_NS

# Server 0 can be asked how long a call takes, and what has become of it.
ASKS = """
    def start(self, command):
        began = time.monotonic()
        answer = self.peers[command].call("Raft.echo", "sent")
        print(answer, round(time.monotonic() - began, 1))
        return 1, 1, False
    def echo(self, word):
        print("heard", word)
        return word
"""


def asked(cluster, server=1):
    """Let server 0 call another; return what each printed."""
    printed = cluster.world.log
    before = len(printed)
    cluster.start(0, server)
    cluster.sleep(3)
    return [(server, line) for _, server, line in printed[before:]]


WHOLE = [(1, "heard sent"), (0, "sent 0.0")]


def test_a_call_arrives_and_is_answered(make_cluster):
    assert asked(make_cluster(ASKS)) == WHOLE


def test_a_slow_link_is_slow_in_one_direction(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.slow_link(0, 1, delay_ms=500)
    assert asked(cluster) == [(1, "heard sent"), (0, "sent 0.5")]
    assert asked(cluster, 2) == [(2, "heard sent"), (0, "sent 0.0")]
    cluster.slow_link(1, 0, delay_ms=300)
    assert asked(cluster)[1] == (0, "sent 0.8")
    cluster.slow_link(0, 1, delay_ms=0)
    assert asked(cluster)[1] == (0, "sent 0.3")


def test_replies_are_slow_and_requests_are_not(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.slow_replies(1, 0, delay_ms=500)
    cluster.slow_replies(0, 1, delay_ms=500)
    assert asked(cluster) == [(1, "heard sent"), (0, "sent 0.5")]


def test_each_server_takes_snapshots_at_its_own_interval(make_cluster):
    cluster = make_cluster("""
        def snapshot(self, index, snapshot):
            self.persister.save(f"cut at {index}".encode(), snapshot)
    """, snapshots=True)  # fmt: skip
    cluster.set_snapshot_interval(1, 3)
    # It lasts over a restart.
    cluster.restart(1)
    for number in range(6):
        cluster.one(f"command {number}", expected=2)
    cluster.sleep(0.1)
    states = [disk.raft_state for disk in cluster.world.disks]
    assert states == [b"", b"cut at 5", b""]


SAVES = """
    def start(self, command):
        began = time.monotonic()
        self.persister.save(command.encode(), b"")
        print(command, round(time.monotonic() - began, 1))
        return 1, 1, False
    def get_state(self):
        return self.persister.read_raft_state().count(b"new"), False
"""


def test_a_save_takes_time_for_its_thread_only(make_cluster):
    cluster = make_cluster(SAVES)
    cluster.start(0, "old")
    cluster.slow_disk(0, delay_us=300_000)
    saving = cluster.spawn(cluster.start, 0, "new")
    cluster.sleep(0.1)
    # The server answers, and what it has saved so far is what was there before.
    assert cluster.get_state(0) == (0, False)
    assert cluster.world.disks[0].raft_state == b"old"
    cluster.join([saving])
    assert cluster.get_state(0) == (1, False)
    assert cluster.world.disks[0].raft_state == b"new"
    # It lasts over a restart, and until the cluster heals.
    cluster.restart(0)
    cluster.start(0, "late")
    cluster.heal()
    cluster.start(0, "soon")
    lines = [line for _, _, line in cluster.world.log]
    assert lines == ["old 0.0", "new 0.3", "late 0.3", "soon 0.0"]


def test_a_crash_during_a_save_finds_the_state_before(make_cluster):
    cluster = make_cluster(SAVES)
    cluster.slow_disk(0, delay_us=300_000)
    cluster.spawn(cluster.start, 0, "lost")
    cluster.sleep(0.2)
    cluster.crash(0)
    cluster.sleep(0.5)
    assert cluster.world.disks[0].raft_state == b""


def test_a_request_is_lost_and_no_reply(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.lose_requests((0, 1))
    assert asked(cluster) == [(0, "None 0.0")]
    cluster.lose_requests((1, 0))
    assert asked(cluster) == WHOLE


def test_requests_of_a_method_are_lost(make_cluster):
    cluster = make_cluster(ASKS)
    assert cluster.methods_called() == []
    assert asked(cluster) == WHOLE
    assert cluster.methods_called() == ["Raft.echo"]
    cluster.lose_methods("Raft.echo")
    assert asked(cluster) == [(0, "None 0.0")]
    cluster.lose_methods("Raft.other")
    assert asked(cluster) == WHOLE


@pytest.mark.parametrize(
    ("answer", "found"),
    [("return time.monotonic()", True), ("return True", False), ("pass", False)],
)
def test_whether_calls_are_answered_is_seen(answer, found, make_cluster):
    cluster = make_cluster(ASKS.replace("return word", answer))
    answers = cluster.watch_answers()
    asked(cluster)
    asked(cluster)
    assert answers.found is found


def test_what_the_scenario_disturbs_is_in_the_trace(make_cluster):
    cluster = make_cluster(ASKS)
    seen = []

    class Controls(Observer):
        def controlled(self, now_ns, verb, args):
            seen.append((verb, *args))

    cluster.world.observe(Controls())
    cluster.slow_link(0, 1, 20)
    cluster.slow_replies(1, 0, 700)
    cluster.lose_requests((0, 1), (1, 0))
    cluster.lose_methods("Raft.echo")
    cluster.duplicate_requests(0.5)
    assert seen == [
        ("slow link", 0, 1, 20),
        ("slow replies", 1, 0, 700),
        ("lose requests", [0, 1], [1, 0]),
        ("lose methods", "Raft.echo"),
        ("duplicate requests", 0.5),
    ]


def test_a_reply_is_lost_and_no_request(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.lose_replies((1, 0))
    assert asked(cluster) == [(1, "heard sent"), (0, "None 0.0")]
    cluster.lose_replies()
    assert asked(cluster) == WHOLE


def test_a_request_is_delivered_twice(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.duplicate_requests(share=1.0)
    assert asked(cluster).count((1, "heard sent")) == 2
    # The boxes after the servers are clients', whose requests arrive once.
    assert list(cluster.network.faults.duplicated_srcs) == list(cluster.servers)


def test_messages_are_held_up_within_the_limit(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.hold_messages(share=1.0)
    cluster.limit_delays(longest_ms=8)
    assert asked(cluster) == WHOLE
    assert cluster.network.faults.held_ns_max == 8 * MILLISECOND


def test_a_link_is_cut_in_one_direction(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.set_link(1, 0, False)
    assert cluster.is_linked(0, 1)
    assert not cluster.is_linked(1, 0)
    cluster.set_link(1, 0, True)
    assert cluster.is_linked(1, 0)


def test_a_paused_server_answers_when_it_goes_on(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.pause(1)
    call = cluster.spawn(asked, cluster)
    cluster.sleep(3)
    assert cluster.world.log == []
    cluster.resume(1)
    cluster.join([call])
    assert [line for _, *line in cluster.world.log] == [
        [1, "heard sent"],
        [0, "sent 3.0"],
    ]


def test_a_state_machine_is_slow(make_cluster):
    cluster = make_cluster()
    cluster.slow_state_machine(2, delay_us=500_000)
    cluster.start(0, "x")
    cluster.sleep(0.2)
    assert cluster.applied_by(1) == [0, 1]
    cluster.sleep(0.5)
    assert cluster.applied_by(1) == [0, 1, 2]


def test_a_server_dies_within_a_step(make_cluster):
    cluster = make_cluster()
    cluster.crash_at(1, crash_points.after_persist)
    cluster.start(0, "x")
    cluster.sleep(0.1)
    assert cluster.up() == [0, 2]
    # A server that is down cannot be armed.
    cluster.crash_at(1, crash_points.after_persist)
    cluster.restart(1)
    assert cluster.world.hosts[1].crash_point is None


def test_healing_undoes_every_fault(make_cluster):
    cluster = make_cluster(ASKS)
    cluster.slow_link(0, 1, delay_ms=500)
    cluster.slow_replies(1, 0, delay_ms=500)
    cluster.lose_requests((0, 1))
    cluster.lose_replies((0, 2))
    cluster.lose_methods("Raft.echo")
    cluster.duplicate_requests(share=1.0)
    cluster.hold_messages(share=1.0)
    cluster.limit_delays(longest_ms=1)
    cluster.set_link(2, 1, False)
    cluster.set_reliable(False)
    cluster.set_long_reordering(True)
    cluster.pause(1)
    cluster.crash(2)
    cluster.crash_at(0, crash_points.before_reply)
    cluster.set_clock_rate(0, Fraction(3))
    cluster.slow_state_machine(0, delay_us=9)
    cluster.heal()
    assert asked(cluster) == WHOLE
    assert asked(cluster, 2) == [(2, "heard sent"), (0, "sent 0.0")]
    assert cluster.network.faults.held_ns_max == 2 * SECOND
    assert all(
        cluster.is_linked(a, b) for a in cluster.servers for b in cluster.servers
    )
    assert cluster.network.reliable
    assert not cluster.network.long_reordering
    assert cluster.world.hosts[0].crash_point is None
    assert cluster.world.clocks[0].rate == 1
    assert cluster.state_machines[0].take_ns == TAKE_NS


@pytest.mark.parametrize("rate", [Fraction(2), Fraction(1, 2)])
def test_a_clock_runs_at_its_rate(make_cluster, rate):
    cluster = make_cluster("""
        def set_up(self):
            threading.Thread(target=self.tick).start()
        def tick(self):
            while True:
                time.sleep(1)
                print("tick")
    """)
    cluster.set_clock_rate(1, rate)
    cluster.sleep(8.5)
    ticks = [line for _, server, line in cluster.world.log if server == 1]
    assert len(ticks) == int(8.5 * rate)
