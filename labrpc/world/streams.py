"""Named random streams, all derived from the one seed of a run.

Each part of the world (the network, each incarnation, the scenario) draws
from a stream of its own, so that a change in how often one part draws does
not shift what the others get.
"""

from collections.abc import Callable
from functools import partial
from random import Random

Streams = Callable[[str], Random]
"""Return the stream of one incarnation that is called by a name."""


def stream(seed: str, *names: object) -> Random:
    """Return the random stream called `names` of the run with this `seed`.

    Seeding with text goes through SHA-512 in the standard library, so the
    stream does not depend on the hash seed of the process.
    """
    return Random("/".join([seed, *map(str, names)]))


def incarnation_streams(seed: str, server: int, incarnation: int) -> Streams:
    """Return the streams from which one incarnation draws, by name."""
    return partial(stream, seed, "server", server, "incarnation", incarnation)
