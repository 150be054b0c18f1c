"""The line at the head of a session: which Raft is tested, at which seeds, and how."""

from labrpc.machine import memory
from tester.intake.default_submission import REFERENCE
from tester.intake.service_submission import raft_of
from tester.judging.run_conditions import current_hash_seed
from tester.pytest_plugin.options import SessionOptions
from tester.text import counted, one_line


def heading(options: SessionOptions, kept: dict[str, list[int]]) -> str:
    """Return the line.

    Args:
        options: of the session.
        kept: the seeds at which each test failed before.
    """
    hash_seed = current_hash_seed()
    hosting = options.hosting
    words = [
        _submission(options),
        _seeds(options, kept),
        *([f"hash seed {hash_seed}"] if hash_seed is not None else []),
        *(["--preempt"] if options.preempt else []),
        "real time" if hosting.real_time else f"isolation {hosting.isolation}",
        *([] if memory.is_limited() else ["no memory limit on this system"]),
    ]
    return f"Raft lab: {', '.join(words)}"


def _submission(options: SessionOptions) -> str:
    if options.problem:
        return f"no submission: {one_line(options.problem)}"
    path = options.submission.path
    whose = " (the lab's reference)" if path == REFERENCE else ""
    if options.lab == 3:
        whose = f" on {raft_of(options.submission)}"
    return f"submission {one_line(str(path))}{whose}"


def _seeds(options: SessionOptions, kept: dict[str, list[int]]) -> str:
    if options.failed_only:
        return "the seeds that failed before"
    first = options.first_seed or 0
    last = first + options.seed_count - 1
    if options.duration_s is not None:
        fresh = f"fresh seeds from {first} on for {options.duration_s:g} s"
    else:
        fresh = f"seed {first}" if first == last else f"seeds {first} to {last}"
    count = sum(map(len, kept.values()))
    if not count or options.first_seed is not None or options.real_time:
        return fresh
    return f"{fresh} after what failed before ({counted(count, 'run')} of all tests)"
