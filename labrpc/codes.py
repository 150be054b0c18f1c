"""Stable codes of what the emulated world reports about a submission.

A wording may improve from one version to the next; its code stays. So programs and
tests match codes. Nobody makes a `Code` elsewhere than in this registry and in the one
of whoever stands above (`tester.codes`). docs/failures.md lists them all.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """What a report with a code means for the submission."""

    LOAD = "does not load"
    FAILURE = "failure"
    WARNING = "warning"
    REFUSAL = "refusal"
    NO_VERDICT = "no verdict"


@dataclass(frozen=True, slots=True)
class Code:
    """The stable name of one thing that is reported.

    Attributes:
        name: as it stands in files: lower case, with hyphens.
        kind: what it means for the submission.
        meaning: one line for a person.
        section: where the Raft paper says so, "" where it does not.
        breaks: the property of the paper's Figure 2 or 3 that is broken, "" for none.
    """

    name: str
    kind: Kind
    meaning: str
    section: str = ""
    breaks: str = ""


def by_name(module: Mapping[str, object]) -> dict[str, Code]:
    """Return the codes that a module defines, by name, in its order."""
    return {value.name: value for value in module.values() if isinstance(value, Code)}


# The submission cannot be loaded: nothing of it can be tested.

NO_SUBMISSION = Code(
    "no-submission", Kind.LOAD, "There is no package raft/ and no raft.py at the path."
)
LINK_LEADS_OUT = Code(
    "link-leads-out", Kind.LOAD, "A file is a link to a place outside the submission."
)
SOURCE_TOO_LARGE = Code(
    "source-too-large",
    Kind.LOAD,
    "The submission's Python files take more room than any program needs.",
)
TOO_MANY_FILES = Code(
    "too-many-files", Kind.LOAD, "It has more Python files than the lab reads."
)
LONG_FILE_NAMES = Code(
    "long-file-names",
    Kind.LOAD,
    "The names of its files, all together, are too long for the sandbox.",
)
UNREADABLE_FILE = Code(
    "unreadable-file", Kind.LOAD, "A Python file cannot be read or is not valid text."
)
SYNTAX_ERROR = Code("syntax-error", Kind.LOAD, "A file is not valid Python.")
SLOW_TO_COMPILE = Code(
    "slow-to-compile", Kind.LOAD, "Compiling it took more CPU time than is allowed."
)
COMPILER_DIED = Code(
    "compiler-died", Kind.LOAD, "Compiling it brought the Python interpreter down."
)
MISSING_MODULE = Code(
    "missing-module",
    Kind.LOAD,
    "It imports a module that is neither standard nor among its own files.",
)
RAISES_WHEN_LOADED = Code(
    "raises-when-loaded", Kind.LOAD, "An exception left one of its modules on import."
)
EXITS_WHEN_LOADED = Code(
    "exits-when-loaded", Kind.LOAD, "It called sys.exit on import or in __init__."
)
NO_RAFT_CLASS = Code("no-raft-class", Kind.LOAD, "Its module defines no class Raft.")
WRONG_PARAMETERS = Code(
    "wrong-parameters",
    Kind.LOAD,
    "Raft.__init__ does not take (peers, me, persister, apply_ch).",
)
NO_SERVICES = Code(
    "no-services",
    Kind.LOAD,
    "The server's object has no dictionary `services` of its parts.",
)
RAISES_IN_CONSTRUCTOR = Code(
    "raises-in-constructor", Kind.LOAD, "An exception left Raft.__init__."
)

# A server broke while it ran.

EXCEPTION = Code(
    "exception",
    Kind.FAILURE,
    "An exception left a thread, an RPC handler, or a method that the lab calls.",
)
NO_SUCH_METHOD = Code(
    "no-such-method",
    Kind.FAILURE,
    "An RPC, or the service above, called a method that the class does not have.",
)
BREAKPOINT = Code(
    "breakpoint", Kind.FAILURE, "It opens a debugger where nobody can use one."
)
DEADLOCK = Code(
    "deadlock",
    Kind.FAILURE,
    "Threads or tasks wait for locks that nobody will release.",
)
NO_RETURN = Code(
    "no-return",
    Kind.FAILURE,
    "The constructor, or a method that the lab calls, did not return in time.",
)
RUNAWAY_LOOP = Code(
    "runaway-loop", Kind.FAILURE, "A thread runs on and on without waiting."
)
ENDLESS_ACTIVITY = Code(
    "endless-activity",
    Kind.FAILURE,
    "Threads wake each other again and again at one instant of virtual time.",
)
RUN_CPU_LIMIT = Code(
    "run-cpu-limit", Kind.FAILURE, "The whole run used more CPU time than is allowed."
)
RUN_IDLE_LIMIT = Code(
    "run-idle-limit",
    Kind.FAILURE,
    "The servers' processes slept in real time for longer than a run may.",
)
HANGS_IN_C = Code(
    "hangs-in-c", Kind.FAILURE, "A call into C code did not return to Python."
)
MEMORY_LIMIT = Code(
    "memory-limit", Kind.FAILURE, "The servers took more memory than is allowed."
)

# A server in a process of its own did what only broken or hostile code does.

FORGED_MESSAGE = Code(
    "forged-message",
    Kind.FAILURE,
    "The server's process said what the lab's own code there never says.",
)
STEP_TOO_LARGE = Code(
    "step-too-large", Kind.FAILURE, "A server did or said too much in one step."
)
TOO_MUCH_TRAFFIC = Code(
    "too-much-traffic",
    Kind.FAILURE,
    "A server sent and saved more bytes than its time allows.",
)
LONG_METHOD_NAME = Code(
    "long-method-name", Kind.FAILURE, "The name of an RPC's method is too long."
)
PROCESS_SILENT = Code(
    "process-silent",
    Kind.FAILURE,
    "The server's process used CPU time, or slept, and did not answer.",
)
PROCESS_ENDED = Code(
    "process-ended", Kind.FAILURE, "The server's process exited or died of a signal."
)
LAB_CODE_BROKE = Code(
    "lab-code-broke",
    Kind.FAILURE,
    "The lab's own code in the server's process raised: the submission changed it.",
)
UNKNOWN_FAILURE = Code(
    "unknown-failure",
    Kind.FAILURE,
    "The server's process reported a failure without a code that the lab knows.",
)

# Warnings: likely mistakes that break no rule.

LOCK_HELD_ACROSS_WAIT = Code(
    "lock-held-across-wait",
    Kind.WARNING,
    "A lock that others wait for is held across an RPC, a sleep, or apply_ch.put.",
)
HANDLER_RETURNED_NONE = Code(
    "handler-returned-none",
    Kind.WARNING,
    "An RPC handler returned None, which its caller takes for a lost message.",
)
EXCEPTION_NOT_ASKED_FOR = Code(
    "exception-not-asked-for",
    Kind.WARNING,
    "A task of an executor raised, and nobody asked its future for the result.",
)
EXCEPTION_IGNORED = Code(
    "exception-ignored",
    Kind.WARNING,
    "An exception was raised where Python can only ignore it, as in __del__.",
)
RAN_ON_AFTER_CRASH = Code(
    "ran-on-after-crash",
    Kind.WARNING,
    "A thread ran on without waiting when its server crashed.",
)
UNKNOWN_WARNING = Code(
    "unknown-warning",
    Kind.WARNING,
    "The server's process gave a warning without a code that the lab knows.",
)

CODES = by_name(globals())


def failure_of_box(name: str) -> Code:
    """Return the code of a failure that a box reports, which may claim anything."""
    code = CODES.get(name, UNKNOWN_FAILURE)
    return code if code.kind in (Kind.LOAD, Kind.FAILURE) else UNKNOWN_FAILURE


def warning_of_box(name: str) -> Code:
    """Return the code of a warning that a box gives, which may claim anything."""
    code = CODES.get(name, UNKNOWN_WARNING)
    return code if code.kind is Kind.WARNING else UNKNOWN_WARNING
