"""The figures that are measured: their names, units and meanings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure of a submission: a distribution over many trials.

    Attributes:
        name: its key in JSON, in CSV and in a rubric; the unit last.
        title: what pages call it.
        unit: of its numbers, "" for a mere number.
        meaning: a sentence for people who see it for the first time.
        larger_is_better: whether more of it is better, which is rare.
    """

    name: str
    title: str
    unit: str
    meaning: str
    larger_is_better: bool = False


FIGURES = (
    Figure(
        "downtime_ms",
        "time without a leader",
        "ms",
        "From the crash of a leader, at a random moment, until all others have received "
        "the first message of its successor (Figure 16 of the paper).",
    ),
    Figure(
        "election_terms",
        "terms used by an election",
        "",
        "How many terms it took to replace the leader: more than 1 if votes were split "
        "or refused (section 5.2).",
    ),
    Figure(
        "commit_latency_ms",
        "commit latency",
        "ms",
        "From the call of start() until the leader applies the command, on a network without loss "
        "whose messages take 0.1 to 2 ms.",
    ),
    Figure(
        "command_rpcs",
        "RPCs per command",
        "",
        "Requests sent by all five servers while a leader commits one command after the "
        "other, divided by the commands.",
    ),
    Figure(
        "command_bytes",
        "bytes per command",
        "bytes",
        "Bytes of these requests and of their replies, divided by the commands.",
    ),
    Figure(
        "idle_rpcs_per_s",
        "idle RPCs per second",
        "per s",
        "Requests that all five servers send in a second in which nothing happens: "
        "heartbeats.",
    ),
    Figure(
        "state_bytes",
        "size of the saved state",
        "bytes",
        "What the largest server has persisted after the commands of a trial, without "
        "snapshots.",
    ),
    Figure(
        "catch_up_ms",
        "time to catch up after a partition",
        "ms",
        "From the reconnection of an old leader, whose log ends in entries that were "
        "never committed, until it has applied a command that is started at that moment.",
    ),
    Figure(
        "catch_up_rpcs",
        "RPCs to catch up",
        "",
        "Requests sent by all five servers meanwhile. Many of them if a leader goes back "
        "by one entry at a time (end of section 5.3).",
    ),
    Figure(
        "catch_up_bytes",
        "bytes to catch up",
        "bytes",
        "Bytes of requests and replies meanwhile.",
    ),
    Figure(
        "recovery_ms",
        "time to recover after a restart",
        "ms",
        "From the restart of a crashed follower until it has applied again all that is "
        "committed.",
    ),
)
# Not a function of the seeds: it depends on the machine and its load.
CPU = Figure(
    "cpu_ms_per_command",
    "CPU time per command",
    "ms",
    "CPU time of the servers and of the emulated network for one command. It depends on "
    "the machine: compare it with the reference's beside it only.",
)
