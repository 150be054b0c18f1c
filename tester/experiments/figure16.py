"""Figure 16: the time to detect and replace a crashed leader (section 9.3)."""

from dataclasses import dataclass, replace
from fractions import Fraction

from tester.experiments.setting import Setting
from tester.experiments.timed_raft import ElectionTimeouts

# Fitted to the paper's medians and means: it calls the broadcast time, from a request
# to its answer and with the writing of the votes to disks, some 15 ms.
MESSAGE_MS = 2.75
# Without randomness the votes split again and again: a few trials show that.
TRIALS = 1000
TRIALS_WITHOUT_RANDOMNESS = 100


@dataclass(frozen=True)
class Headline:
    """What the paper says of a curve, in milliseconds; None where it says nothing."""

    median_ms: float | None = None
    mean_ms: float | None = None
    worst_ms: float | None = None
    least_ms: float | None = None


def _setting(shortest_ms: float, longest_ms: float, trials: int = TRIALS) -> Setting:
    timeouts = ElectionTimeouts(shortest_ms, longest_ms)
    return Setting(str(timeouts), timeouts, trials, MESSAGE_MS)


BASE = _setting(150, 300)
RANGE_OF_50_MS = _setting(150, 200)
# The top graph: how much randomness is needed.
TOP = [
    _setting(150, 150, TRIALS_WITHOUT_RANDOMNESS),
    _setting(150, 151),
    _setting(150, 155),
    _setting(150, 175),
    RANGE_OF_50_MS,
    BASE,
]
# The bottom graph: how short a time-out may be.
BOTTOM = [
    _setting(12, 24),
    _setting(25, 50),
    _setting(50, 100),
    _setting(100, 200),
    BASE,
]
HEADLINES = {
    "150-150 ms": Headline(least_ms=10_000),
    "150-155 ms": Headline(median_ms=287),
    "150-200 ms": Headline(worst_ms=513),
    "12-24 ms": Headline(mean_ms=35, worst_ms=152),
}

# The closed form of the dissertation assumes equal logs and a constant latency.
EQUAL_LOGS_MESSAGE_MS = 7.5
EQUAL_LOGS = [
    Setting(
        "150-200 ms, equal logs",
        ElectionTimeouts(150, 200),
        trials=10_000,
        message_ms=EQUAL_LOGS_MESSAGE_MS,
        message_spread=0,
        ineligible=0,
    )
]

# After a candidate's election has failed it waits longer, up to 16 times as long.
_ADAPTIVE = """
failed_elections = 0

def _become_candidate(self):
    self.failed_elections = min(self.failed_elections + 1, 4)
    super()._become_candidate()

def _follow_current_leader(self):
    self.failed_elections = 0
    super()._follow_current_leader()

def _become_leader(self):
    self.failed_elections = 0
    super()._become_leader()

def _reset_election_timer(self):
    spread_s = self.election_timeout_s_max - self.election_timeout_s_min
    longest_s = self.election_timeout_s_min + spread_s * 2 ** self.failed_elections
    wait_s = random.uniform(self.election_timeout_s_min, longest_s)
    self.election_deadline_s = time.monotonic() + wait_s
"""

# What the paper's author leaves open: one curve each, beside that of the top graph.
QUESTIONS = [
    RANGE_OF_50_MS,
    replace(RANGE_OF_50_MS, name="servers in different terms", cut_off_ms=600.0),
    replace(
        RANGE_OF_50_MS,
        name="one server far away",
        slow_ms={(0, server): 15.0 for server in range(1, 5)},
    ),
    replace(RANGE_OF_50_MS, name="a tenth of the messages lost", lost=0.1),
    replace(
        RANGE_OF_50_MS,
        name="clocks that drift by a tenth",
        clock_rates={0: Fraction(11, 10), 1: Fraction(9, 10)},
    ),
    replace(RANGE_OF_50_MS, name="time-outs that adapt", body=_ADAPTIVE),
]
