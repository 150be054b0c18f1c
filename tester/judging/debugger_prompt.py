"""`lab()`: what a person at a debugger's prompt can ask about the cluster.

Works at the prompt of `breakpoint()` in a submission, and of `pytest --pdb`.
Virtual time stands still meanwhile.
"""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from labrpc.simulated.importer import BOX_BUILTINS, HostModules
from labrpc.world.events import Invoke, Result
from tester.scenario.cluster import Cluster, has_types

# No call of the world's has this number, so a late answer is not mistaken.
LOOK_ID = 0


@contextmanager
def lab_at_prompts(cluster: Cluster) -> Iterator[None]:
    """Make `lab()` known at every prompt, in the lab's code and in a server's."""

    def lab() -> None:
        print(describe(cluster))  # noqa: T201 - at a prompt

    namespaces: list[dict[str, Any]] = [vars(builtins), BOX_BUILTINS]
    for names in namespaces:
        names["lab"] = lab
    try:
        yield
    finally:
        for names in namespaces:
            names.pop("lab", None)


def describe(cluster: Cluster) -> str:
    """Return the time, and each server's state, threads and connections."""
    with HostModules():
        _ask_for_states(cluster)
    lines = [f"at {cluster.now:.6f} s of virtual time", cluster.describe()]
    for host in cluster.world.hosts:
        if host is not None:
            lines += [f"server {host.server}:", _indented(host.box.threads())]
    return "\n".join(lines)


def _ask_for_states(cluster: Cluster) -> None:
    """Call get_state on every server that can answer without time passing.

    Not on the one in whose code the debugger stands: it cannot go on. The
    world is passed by, so that looking leaves no trace in the run.
    """
    world = cluster.world
    for host in world.hosts:
        if host is None or not host.ready or host is world.stepping:
            continue
        actions, _ = host.box.step(world.now_ns, Invoke(LOOK_ID, "get_state", ()))
        for action in actions:
            if isinstance(action, Result) and has_types(action.value, int, bool):
                cluster.states[host.server] = tuple(action.value)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
