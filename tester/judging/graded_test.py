"""A graded test: a scenario of the suite, and what its markers say of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from labrpc.world.streams import stream
from tester.search.choices import ChoiceList, Setting

# They run only where they are asked for by name: docs/rubric.md.
BONUS_PARTS = ("2P", "2R", "2S", "2T", "3S")


@dataclass(frozen=True)
class GradedTest:
    """A scenario of the graded suite, and what its markers say.

    Attributes:
        name: the function's name.
        function: takes the cluster, and raises SubmissionError if it fails.
        file: where it is defined.
        servers: how many servers it wants.
        servers_min: how few it may get, as the seed has it; 0 for as many as it wants.
        reliable: whether the network is reliable at first.
        snapshots: whether the state machines take snapshots.
        persistence: whether servers have to save their state.
        elections: whether a leader must have been answered by a majority.
        single_bug: whether the scenario was made for one kind of bug.
        suite: the folder of the instructor's suite that has it, None for the lab's own.
        part_about: what its part is about, if an instructor's suite says so.
        hidden: whether its source is kept from students.
        script: what happens, if that is a list of choices: then there is no cluster, and
            the function is never called.
        search_states: how many states its search finds, if it is one: then there is no
            cluster, either; 0 if it is none.
        service: what is handed in above Raft: the replicated state machine, or the
            key/value servers and clerks. "" for nothing, as in lab 2.
        clerks: how many clients there are.
        max_raft_state: how large the saved Raft state may become before a server of a
            service takes a snapshot, -1 for no snapshots.
    """

    name: str
    part: str
    points: float
    function: Callable[[Any], None]
    file: Path
    servers: int
    servers_min: int = 0
    reliable: bool = True
    snapshots: bool = False
    persistence: bool = False
    elections: bool = True
    single_bug: bool = False
    suite: Path | None = None
    part_about: str = ""
    hidden: bool = False
    script: ChoiceList | None = None
    search_states: int = 0
    service: Literal["", "rsm", "kv"] = ""
    clerks: int = 0
    max_raft_state: int = -1

    def servers_at(self, seed: int) -> int:
        """Return how many servers it gets at a seed."""
        if not self.servers_min:
            return self.servers
        sizes = stream(self.run_name(seed), "servers")
        return sizes.randint(self.servers_min, self.servers)

    def run_name(self, seed: int) -> str:
        """Return the text from which all randomness of a run is derived.

        It has the name, not the path: a run is the same wherever the suite lies.
        """
        return f"{self.name}/{seed}"

    def setting_at(self, seed: int, preempt: bool) -> Setting:
        """Return what holds in worlds of choices that are like its cluster at a seed.

        Args:
            seed: of the run.
            preempt: whether threads may lose their turn between two statements.
        """
        return Setting(
            self.servers_at(seed),
            persistence=self.persistence or bool(self.service),
            preempt=preempt,
            elections_only=self.part == "2A",
            clients=self.clerks,
            max_raft_state=max(self.max_raft_state, 0),
        )

    @property
    def lab(self) -> int:
        """The number of the lab that it belongs to."""
        return 3 if self.service else 2

    @property
    def is_bonus(self) -> bool:
        """Whether it runs only where its part is asked for."""
        return self.part in BONUS_PARTS

    @property
    def by_choices(self) -> bool:
        """Whether choices drive it, in a script or a search: then it has no cluster."""
        return self.script is not None or self.search_states > 0

    @property
    def is_replay(self) -> bool:
        """Whether it is a list of choices outside any suite."""
        return self.script is not None and not self.part

    @property
    def is_own_and_shown(self) -> bool:
        """Whether an instructor's suite has it, and students may read about it."""
        return self.suite is not None and not self.hidden

    @property
    def description(self) -> str:
        """The first line of the docstring."""
        return (self.function.__doc__ or self.name).strip().partition("\n")[0]
