"""pytest's debugger in a run: the world stands still at its prompt.

A prompt opens at `breakpoint()` in a submission or a scenario, and with `--pdb` where
a run has failed. There, the command `lab()` prints the cluster.
"""

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from labrpc.box.in_process_box import InProcessBox
from labrpc.scheduling.scheduler import current_task
from labrpc.simulated.importer import HostModules
from labrpc.world.events import Invoke, Result
from tester.scenario.cluster import Cluster, has_types

if TYPE_CHECKING:
    # Takes long to import, and few sessions run lists of choices.
    from tester.search.histories import Histories

# No call of the world's has this number, so a late answer is not mistaken.
LOOK_ID = 0


class DebuggerQuit(BaseException):
    """A person has quit the debugger: the run gets no verdict.

    No Exception, as pytest's own is none: neither a scenario nor the lab may take it
    for a failure.
    """


class PytestDebugger:
    """What pytest's debugger and the boxes of a run need of each other.

    Attributes:
        raised: the first exception of the run that has left the submission's code.
    """

    def __init__(self) -> None:
        self.raised: BaseException | None = None
        self._cluster: Cluster | None = None
        self._histories: Histories | None = None
        self._run_goes_on = False

    @contextmanager
    def quitting_ends_session(self) -> Iterator[None]:
        """Let a person who quits a prompt in the block end pytest's session."""
        self._run_goes_on = True
        try:
            yield
        except DebuggerQuit:
            pytest.exit("Quitting debugger")
        finally:
            self._run_goes_on = False

    @contextmanager
    def looking_at(self, cluster: Cluster) -> Iterator[None]:
        """Let prompts look at a cluster while the block runs."""
        self.raised, self._cluster = None, cluster
        try:
            yield
        finally:
            self._cluster = None

    @contextmanager
    def looking_at_list(self, histories: "Histories") -> Iterator[None]:
        """Let prompts look at the servers of a list of choices while the block runs."""
        self.raised, self._histories = None, histories
        try:
            yield
        finally:
            self._histories = None

    # For the boxes: see `labrpc.box.debugger`.

    @property
    def breakpoint(self) -> Callable[..., Any]:
        """What a submission calls as `breakpoint`: pytest hooks into the built-in."""
        return builtins.breakpoint

    def exception(self, exc: BaseException) -> None:
        """Keep the first exception of a run that has left the submission's code."""
        self.raised = self.raised or exc

    # For pytest, as a plugin.

    def pytest_enter_pdb(self, pdb: Any) -> None:
        """Prepare a prompt that is about to open."""
        set_quit, interaction = pdb.set_quit, pdb.interaction

        def quit_session() -> NoReturn:
            set_quit()
            task = current_task()
            if task is not None and task in task.scheduler.tasks and not task.dying:
                # Not through the submission, which could swallow it.
                task.scheduler.stop(DebuggerQuit())
            raise DebuggerQuit

        def interact(*args: Any) -> None:
            box = self._stepping_box()
            if box is None:
                interaction(*args)
                return
            with box.at_prompt():
                interaction(*args)

        def lab(arguments: str) -> None:
            """Print the time, and each server's state, threads and connections."""
            print(self._description())  # noqa: T201 - at a prompt

        pdb.interaction, pdb.do_lab = interact, lab
        # From Python 3.13 on, brackets belong to a command's name.
        setattr(pdb, "do_lab()", lab)
        if self._run_goes_on:
            pdb.set_quit = quit_session

    def _stepping_box(self) -> InProcessBox | None:
        """Return the box in whose code a prompt opens, None if it is in none."""
        world = self._cluster.world if self._cluster else self._histories
        if world is None or current_task() is None:
            return None
        host = world.stepping
        return host.box if host and isinstance(host.box, InProcessBox) else None

    def _description(self) -> str:
        if self._cluster is not None:
            return describe(self._cluster)
        stepped = self._histories.stepping if self._histories else None
        if stepped is None:
            return "no test runs here"
        # The other servers may wait in states that this run does not come from.
        return f"server {stepped.server}:\n{_indented(stepped.threads())}"


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

    Not on the one in whose code the debugger stands: it cannot go on. The boxes are
    stepped without the world, so that looking leaves no trace in the run.
    """
    world = cluster.world
    look = Invoke(LOOK_ID, cluster.asks_state_by, ())
    for host in world.hosts[: world.server_count]:
        if host is None or not host.ready or host is world.stepping:
            continue
        actions, _ = host.box.step(world.now_ns, look)
        for action in actions:
            if isinstance(action, Result) and has_types(action.value, int, bool):
                cluster.states[host.server] = tuple(action.value)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
