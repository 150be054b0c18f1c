"""Virtual time as a scenario lets it pass."""

from labrpc.world.scenario_time import POLL_NS
from labrpc.world.world import World


def test_threads_of_a_scenario_take_turns_where_they_sleep():
    world = World(0, "seed", lambda server, incarnation: None)
    said = []

    def speak(name, duration_ns):
        for _ in range(2):
            world.sleep_ns(duration_ns)
            said.append((world.now_ns, name))

    world.join(
        [
            world.spawn(speak, "slow", 5 * POLL_NS),
            world.spawn(speak, "fast", 3 * POLL_NS),
        ]
    )
    assert [(now_ns // POLL_NS, name) for now_ns, name in said] == [
        (3, "fast"), (5, "slow"), (6, "fast"), (10, "slow"),
    ]  # fmt: skip
    world.close()
