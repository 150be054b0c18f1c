"""Named random streams, all derived from the one seed of a run.

Each part of the world (the network, each incarnation, the scenario) draws
from a stream of its own, so that a change in how often one part draws does
not shift what the others get.
"""

from random import Random


def stream(seed: str, *names: object) -> Random:
    """Return the random stream called `names` of the run with this `seed`.

    Seeding with text goes through SHA-512 in the standard library, so the
    stream does not depend on the hash seed of the process.
    """
    return Random("/".join([seed, *map(str, names)]))
