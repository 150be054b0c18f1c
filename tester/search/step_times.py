"""The duration of steps, by the server's own clock."""

from labrpc.clock import MICROSECOND, MILLISECOND

STEP_NS_MIN = MILLISECOND
# So little time passes in a step while a thread is away that has lost its turn.
SHORT_STEP_NS = 20 * MICROSECOND


def away_ns(steps: int) -> int:
    """Return how long a thread that has lost its turn stays away for some steps.

    It goes on within the first step that is not short any more.
    """
    return steps * SHORT_STEP_NS + SHORT_STEP_NS // 2
