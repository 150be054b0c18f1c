"""Servers that poll: they may see what they were given only when they look next."""

from itertools import pairwise

from labrpc.clock import MILLISECOND
from labrpc.world.events import Wake
from tester.search.choices import Setting
from tester.search.server_state import TIME_PASSES, ServerState
from tester.search.server_step import ServerStep, SteppedBox
from tester.search.step_times import STEP_NS_MIN

# A server that wakes up at least this often polls: it may see what it was given only
# when it looks next, and that belongs to the step.
STEP_NS_MAX = 50 * MILLISECOND
# A server of a service that polls looks at least this often. Others, too, look now and then
# whether they still lead, and that is no reason for long steps.
SERVICE_STEP_NS_MAX = 10 * MILLISECOND


def polling_step_ns(box: SteppedBox, server: ServerState, setting: Setting) -> int:
    """Return how much time the steps of a submission take, after a look at how it waits.

    Args:
        box: a new one, which is used up.
        server: its state, blank.
        setting: of the world.
    """
    ServerStep(box, server, setting).boot()
    waiting = server.next_blank()
    ServerStep(box, waiting, setting).run(TIME_PASSES)
    woken_ns = [s.now_ns for s in waiting.box_steps if isinstance(s.event, Wake)]
    gaps_ns = [after - before for before, after in pairwise([server.now_ns, *woken_ns])]
    longest_ns = max(gaps_ns, default=0)
    # It looks once more than that, whenever in its interval it was given something.
    polls_ns_max = SERVICE_STEP_NS_MAX if setting.clients else STEP_NS_MAX
    return longest_ns + STEP_NS_MIN if longest_ns <= polls_ns_max else STEP_NS_MIN
