"""A short run of the lab's own, in the zygote, before it forks.

Python learns while it runs: it specialises its instructions, and fills caches. A
box lives for some hundred steps, too few to learn anything, so it inherits what
was learnt here. It also finds a pool of greenlets that need not be made.
"""

import itertools
from pathlib import Path

from labrpc.box.in_process_box import InProcessBox, restore_process
from labrpc.clock import SECOND
from labrpc.submission.submission import Submission
from labrpc.world.streams import incarnation_streams
from labrpc.world.world import World

SERVERS = 3
COMMANDS = 30
_SERVER = Path(__file__).with_name("warmup_server.py")


def warmup_submission() -> Submission:
    """Return a submission of the lab's own."""
    return Submission.find(_SERVER)


def warm_up_interpreter() -> None:
    """Run a few servers for a little while."""
    submission = warmup_submission()
    world = World(
        SERVERS,
        "warmup",
        lambda server, incarnation: InProcessBox(
            submission,
            server,
            incarnation,
            incarnation_streams("warmup", server, incarnation),
        ),
    )
    for server in range(SERVERS):
        world.start(server)
    for number, server in zip(range(COMMANDS), itertools.cycle(range(SERVERS))):
        world.invoke(server, "start", number)
        world.invoke(server, "get_state")
        world.sleep_ns(SECOND // COMMANDS)
    for server in range(SERVERS):
        world.invoke(server, "kill")
    world.sleep_ns(SECOND // COMMANDS)
    world.close()
    restore_process()
