"""Virtual time: whole nanoseconds since the world began.

Integers, so that adding delays never rounds and two runs agree to the last
digit. Seconds (floats) appear only where a person or a student's program
reads or writes them.
"""

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000

# What `time.time()` says inside a box when the world begins: an ordinary
# recent date, the same in every run.
EPOCH_NS = 1_700_000_000 * SECOND


def from_seconds(seconds: float) -> int:
    """Return `seconds` as nanoseconds of virtual time."""
    return int(seconds * SECOND)


def to_seconds(time_ns: int) -> float:
    """Return nanoseconds of virtual time as seconds."""
    return time_ns / SECOND
