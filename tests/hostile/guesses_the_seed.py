"""Tries seeds until one gives the numbers that its own stream gives.

Tries: the streams of the first 100 seeds, compared with the state of its own
Wall: hidden seeds
Outcome: harmless
Without: BREACH
"""

import collections

real = collections._sys.modules
stream = real["labrpc.world.streams"].stream
box = real["labrpc.simulated.context"].current_box()
incarnation = ("server", box.server, "incarnation", box.incarnation)
# Before `random` is imported, which draws from it.
state = box.entropy.getstate()
for seed in range(100):
    guess = stream(f"test_initial_election/{seed}", *incarnation, "entropy")
    if guess.getstate() == state:
        print("BREACH: the seed is", seed)

from raft.raft import Raft as Raft  # noqa: E402
