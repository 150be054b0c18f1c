"""A short run of the lab's own, in the zygote, before it forks.

Python learns while it runs: it specialises its instructions, and fills caches. A
box lives for some hundred steps, too few to learn anything, so it inherits what
was learnt here. It also finds a pool of greenlets that need not be made.
"""

import itertools
from pathlib import Path

from labrpc.box import InProcessBox, restore_process
from labrpc.clock import SECOND
from labrpc.streams import incarnation_streams
from labrpc.submission import Submission
from labrpc.world import World

SERVERS = 3
COMMANDS = 30
_SERVER = Path(__file__).with_name("rehearsal_server.py")


def rehearsal_submission() -> Submission:
    """Return a submission of the lab's own."""
    return Submission.find(_SERVER)


def rehearse() -> None:
    """Run a few servers for a little while."""
    submission = rehearsal_submission()
    world = World(
        SERVERS,
        "rehearsal",
        lambda server, incarnation: InProcessBox(
            submission,
            server,
            incarnation,
            incarnation_streams("rehearsal", server, incarnation),
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
