"""Threads and exceptions in words, without the lab's own frames."""

import linecache
import re
import sys
from collections.abc import Iterable
from traceback import FrameSummary, StackSummary, TracebackException, walk_stack
from types import FrameType
from typing import Any

from labrpc.scheduling.scheduler import Task, current_task
from labrpc.submission.submission import Submission

FRAMES_MAX = 12
THREADS_MAX = 12


def frames_text(submission: Submission, frames: list[FrameSummary]) -> str:
    """Return the submission's own frames, innermost last, as traceback lines."""
    own = [frame for frame in frames if submission.owns(frame.filename)]
    lines = []
    if len(own) > FRAMES_MAX:
        lines.append(f"  … {len(own) - FRAMES_MAX} more frames")
        own = own[-FRAMES_MAX:]
    for frame in own:
        file = submission.relative(frame.filename)
        lines.append(f"  {file}:{frame.lineno} in {frame.name}")
        source = linecache.getline(frame.filename, frame.lineno or 0).strip()
        if source:
            lines.append(f"      {source}")
    return "\n".join(lines)


def place_of(submission: Submission, task: Task) -> str:
    """Return the innermost place in the submission where a thread stands, or ""."""
    return place_in(submission, _stack_of(task))


def place_in(submission: Submission, stack: list[FrameSummary]) -> str:
    """Return the innermost place of a stack that is in the submission, or ""."""
    own = [frame for frame in stack if submission.owns(frame.filename)]
    if not own:
        return ""
    return f"at {submission.relative(own[-1].filename)}:{own[-1].lineno}"


def exception_report(submission: Submission, exc: BaseException) -> tuple[str, str]:
    """Return an exception as a headline with its place, and its traceback."""
    summary = TracebackException.from_exception(exc, lookup_lines=False)
    own = [frame for frame in summary.stack if submission.owns(frame.filename)]
    # The summary's text is there even if the exception's own `__str__` raises.
    headline = f"{type(exc).__name__}: {summary}".rstrip(": ")
    if len(headline) > 300:
        headline = headline[:300] + "…"
    if own:
        last = own[-1]
        headline += f" ({submission.relative(last.filename)}:{last.lineno})"
    return headline.replace("\n", " "), frames_text(submission, list(summary.stack))


def waits_for(task: Task) -> str:
    """Return what a thread waits for, in words."""
    what = task.waits_for
    if what is None:
        return "is running" if task is current_task() else "is about to run"
    if isinstance(what, str):
        return f"waits for {what}"
    if isinstance(what, tuple):
        return f"waits for the reply of server {what[1]} to {what[0]}"
    return f"waits for {what.describe_wait()}"


def running_thread_report(submission: Submission) -> str:
    """Return where the thread stands that is running at this moment."""
    task = current_task()
    return frames_text(submission, _stack_of(task)) if task is not None else ""


def running_line(submission: Submission) -> str:
    """Return the innermost line of the submission's that is running, "" if none is.

    Cheaper than a report: it reads no file.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None and not submission.owns(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None:
        return ""
    return f"{submission.relative(frame.f_code.co_filename)}:{frame.f_lineno}"


def threads_report(submission: Submission, tasks: Iterable[Task]) -> str:
    """Return what each of these threads waits for, and where; alike ones once.

    Args:
        tasks: the threads that matter most come first; one may come again.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for task in dict.fromkeys(tasks):
        stack = frames_text(submission, _stack_of(task))
        alike.setdefault((waits_for(task), stack), []).append(repr(task.name))
    lines = []
    for (what, stack), names in list(alike.items())[:THREADS_MAX]:
        lines.append(f"thread {names[0]} {what}")
        if stack:
            lines.append(stack)
        if names[1:]:
            more = f" and {len(names) - 4} more" if names[4:] else ""
            lines.append(f"  so does {', '.join(names[1:4])}{more}")
    rest = sum(len(names) for names in list(alike.values())[THREADS_MAX:])
    if rest:
        lines.append(f"… and {rest} more threads")
    return "\n".join(lines)


def tasks_report(submission: Submission, tasks: list[Any]) -> str:
    """Return where each `asyncio` task of a box waits."""
    lines = []
    for task in tasks[:THREADS_MAX]:
        waits = task_waits(task)
        lines.append(f"asyncio task {task_name(task)} {waits}".rstrip())
        lines.append(frames_text(submission, stack_of_task(task)))
    if len(tasks) > THREADS_MAX:
        lines.append(f"… and {len(tasks) - THREADS_MAX} more tasks")
    return "".join(f"\n{line}" for line in lines if line)


def task_name(task: Any) -> str:
    """Return the name of an `asyncio` task; one that Python has named says nothing."""
    name, coroutine = task.get_name(), task.get_coro()
    function = getattr(coroutine, "__qualname__", "").rpartition("<locals>.")[2]
    is_pythons = re.fullmatch(r"Task-\d+", name) and function
    return f"{name!r} ({function})" if is_pythons else repr(name)


def task_waits(task: Any) -> str:
    """Return which lock an `asyncio` task waits for, in words; "" if it waits for none."""
    wait = getattr(task, "lab_waits_for", None)
    return f"waits for {wait.describe_wait()}" if wait is not None else ""


def stack_of_task(task: Any) -> list[FrameSummary]:
    """Return where an `asyncio` task waits, outermost frame first."""
    frames, coroutine = [], task.get_coro()
    while getattr(coroutine, "cr_frame", None) is not None:
        frames.append((coroutine.cr_frame, coroutine.cr_frame.f_lineno))
        coroutine = coroutine.cr_await
    return list(StackSummary.extract(iter(frames), lookup_lines=False))


def _stack_of(task: Task) -> list[FrameSummary]:
    """Return where a waiting or running task stands, outermost frame first."""
    frame = sys._getframe() if task is current_task() else task.gr_frame
    if frame is None:
        return []
    stack = StackSummary.extract(walk_stack(frame), lookup_lines=False)
    stack.reverse()
    return stack
