"""Codes of warnings, of what is found across runs, and of runs without a verdict."""

from labrpc.codes import Code, Kind

# What is found across runs.

NOT_DETERMINISTIC = Code(
    "not-deterministic",
    Kind.FAILURE,
    "Two runs with the same seed differ: something from outside decides.",
)
OVER_BUDGET = Code(
    "over-budget",
    Kind.FAILURE,
    "The CPU time that the test has for all its seeds was used up before this run.",
)

# Warnings: likely mistakes that break no rule.

TERM_ROSE = Code(
    "term-rose",
    Kind.WARNING,
    "The term rose though nothing failed.",
    "section 5.2",
)
THREADS_AFTER_KILL = Code(
    "threads-after-kill", Kind.WARNING, "Threads went on a second after kill()."
)
BROKE_AFTER_KILL = Code(
    "broke-after-kill", Kind.WARNING, "A server failed after the test, in kill()."
)

TRACE_NOT_WRITTEN = Code(
    "trace-not-written",
    Kind.WARNING,
    "The run's trace could not be written, or not to its end: it is not on the disk.",
)

PICTURE_NOT_DRAWN = Code(
    "picture-not-drawn",
    Kind.WARNING,
    "There is no picture of this failing run: it could not be drawn, or the run came "
    "to another end when it was made again.",
)

# No verdict: the lab's fault or the machine's, and never the submission's.

LAB_BROKE = Code("lab-broke", Kind.NO_VERDICT, "The lab itself raised an error.")
PROCESS_LOST = Code(
    "process-lost", Kind.NO_VERDICT, "The process that judged this run died or hung."
)
TIMED_OUT = Code(
    "timed-out",
    Kind.NO_VERDICT,
    "The run was ended by pytest-timeout, which counts real time.",
)
NOT_RUN = Code(
    "not-run", Kind.NO_VERDICT, "The grading ended before this run was made."
)
