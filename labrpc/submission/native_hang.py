"""In words: a call into C that did not return, from the stack that C has written."""

import re
from traceback import FrameSummary

from labrpc.machine.watchdog_timer import CALL_CPU_S_MAX
from labrpc.submission.stacks import frames_text
from labrpc.submission.submission import Submission

ADVICE = (
    "the server's thread stands in a function of C, such as sum() or sorted() over "
    "something huge, or a regular expression"
)
_FRAME = re.compile(r'^  File "(.*)", line (\d{1,9}) in (.*)$', re.MULTILINE)


def stuck_call(stack: str, submission: Submission) -> tuple[str, str]:
    """Return the reason of a failure, and its evidence: where the submission stood.

    The evidence is "" if it is none of the submission's: no thread ran its code.

    Args:
        stack: what `faulthandler` has written.
        submission: whose frames to show.
    """
    # It writes no other characters than ASCII.
    files = {
        str(file).encode("ascii", "backslashreplace").decode(): str(file)
        for file in submission.files.values()
    }
    threads = []
    for thread in stack.split("\n\n"):
        frames = [
            FrameSummary(files.get(file, file), int(line), name, lookup_line=False)
            for file, line, name in reversed(_FRAME.findall(thread))
        ]
        text = frames_text(submission, frames)
        if text:
            threads.append(text)
    reason = (
        f"a call used more than {CALL_CPU_S_MAX:.0f} s of CPU time without returning "
        "to Python"
    )
    evidence = "\nanother thread:\n".join(threads)
    return reason, f"{evidence}\n{ADVICE}" if evidence else ""
