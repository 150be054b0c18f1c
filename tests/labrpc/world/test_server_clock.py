"""A server's own clock: it never goes back, and its time-outs are counted by it."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrpc.clock import SECOND
from labrpc.world.recorder import DigestRecorder
from labrpc.world.server_clock import ServerClock

RATES = st.fractions(min_value=Fraction(1, 8), max_value=8, max_denominator=1000)
# Changes of rate: (how long after the last one, rate).
CHANGES = st.lists(st.tuples(st.integers(0, 10**10), RATES), max_size=6)


def clock_of(changes):
    """Return a clock whose rate has changed, and the moment of the last change."""
    clock, now_ns = ServerClock(), 0
    for passed_ns, rate in changes:
        now_ns += passed_ns
        clock.set_rate(rate, now_ns)
    return clock, now_ns


@pytest.mark.slow
@settings(deadline=None)
@given(CHANGES, st.integers(0, 10**12), st.integers(0, 10**12), RATES)
def test_it_never_goes_back(changes, earlier_ns, later_ns, rate):
    clock, now_ns = clock_of(changes)
    first_ns = clock.local_ns(now_ns + earlier_ns)
    now_ns += earlier_ns
    clock.set_rate(rate, now_ns)
    assert first_ns == clock.local_ns(now_ns) <= clock.local_ns(now_ns + later_ns)


@pytest.mark.slow
@settings(deadline=None)
@given(CHANGES, st.integers(1, 10**12))
def test_world_ns_is_the_first_moment_that_shows_a_time(changes, ahead_ns):
    clock, now_ns = clock_of(changes)
    local_ns = clock.local_ns(now_ns) + ahead_ns
    at_ns = clock.world_ns(local_ns)
    assert at_ns > now_ns
    assert clock.local_ns(at_ns) >= local_ns
    assert clock.local_ns(at_ns - 1) < local_ns


@pytest.mark.slow
@settings(deadline=None)
@given(CHANGES, st.integers(0, 10**12))
def test_a_time_that_is_shown_leads_back_to_a_moment_that_shows_it(changes, passed_ns):
    clock, now_ns = clock_of(changes)
    local_ns = clock.local_ns(now_ns + passed_ns)
    assert clock.world_ns(local_ns) <= now_ns + passed_ns
    assert clock.local_ns(clock.world_ns(local_ns)) == local_ns


def test_it_is_exact_until_it_has_run_at_another_rate():
    clock = ServerClock()
    assert clock.exact
    clock.set_rate(Fraction(1), 5)
    assert clock.exact
    clock.set_rate(Fraction(2), 10)
    assert not clock.exact
    clock.set_rate(Fraction(1), 20)
    # The same speed again, but 10 ns ahead for good.
    assert not clock.exact
    assert clock.local_ns(25) == 35


NAPPER = """
    def nap(self, seconds):
        before = time.monotonic_ns()
        time.sleep(seconds)
        return time.monotonic_ns() - before
    def boot(self):
        self.ticks = 0
        threading.Thread(target=self.tick, daemon=True).start()
    def tick(self):
        while True:
            time.sleep(0.1)
            self.ticks += 1
            print("tick")
    def count(self):
        return self.ticks
"""


@pytest.mark.parametrize(
    ("rate", "world_s"), [("2", 0.5), ("1/2", 2.0), ("1", 1.0), ("3/7", 7 / 3)]
)
def test_a_time_out_is_counted_on_the_servers_clock(lab, rate, world_s):
    world = lab.world(lab.raft(NAPPER))
    world.set_clock_rate(0, Fraction(rate))
    before_ns = world.now_ns
    # It sees the second that it has asked for: reading the clock takes a microsecond.
    assert world.invoke(0, "nap", 1) == pytest.approx(SECOND, abs=3000)
    passed_s = (world.now_ns - before_ns) / SECOND
    # The lab looks for the answer every millisecond.
    assert passed_s == pytest.approx(world_s, abs=0.0012)


def test_a_time_out_that_has_begun_is_counted_anew(lab):
    world = lab.world(lab.raft(NAPPER), servers=2)
    world.sleep_ns(SECOND - SECOND // 20)
    assert world.invoke(0, "count") == 9
    world.set_clock_rate(0, Fraction(10))
    # The rest of the tenth of a second goes by ten times as fast as well.
    world.sleep_ns(SECOND // 50)
    assert world.invoke(0, "count") in (11, 12)
    world.set_clock_rate(0, Fraction(1, 10))
    world.sleep_ns(SECOND // 2)
    assert world.invoke(0, "count") in (11, 12)
    # Nobody else's clock has changed.
    assert world.invoke(1, "count") == 14


@pytest.mark.parametrize("rate", ["1/2", "3/7", "1/1000", "9/7"])
def test_a_loop_that_spins_on_another_clock_gets_somewhere(lab, rate):
    body = """
    def spin(self):
        until = time.time() + 0.002
        while time.time() < until:
            pass
        return True
    """
    world = lab.world(lab.raft(body))
    world.set_clock_rate(0, Fraction(rate))
    assert world.invoke(0, "spin")


def test_what_is_printed_has_the_worlds_time(lab):
    world = lab.world(lab.raft(NAPPER))
    world.set_clock_rate(0, Fraction(4))
    world.sleep_ns(SECOND)
    times = [time_ns / SECOND for time_ns, _, _ in world.log]
    assert times[0] == pytest.approx(0.025, abs=0.001)
    assert len(times) == 40
    assert times == sorted(times)
    assert times[-1] == pytest.approx(1.0, abs=0.001)


def test_a_clock_outlives_a_crash_and_repeats(lab):
    def run():
        recorder = DigestRecorder()
        world = lab.world(lab.raft(NAPPER), observers=[recorder])
        world.set_clock_rate(0, Fraction(4))
        world.crash(0)
        world.start(0)
        world.sleep_ns(SECOND)
        return world.invoke(0, "count"), recorder.hexdigest()

    assert run()[0] == 40
    assert run() == run()
