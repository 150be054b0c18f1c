"""The standard `dataclasses`, which compiles each text once in this process.

It writes a class's methods as text, and compiles that. Every incarnation defines
the submission's dataclasses anew, so the same few texts come by the hundred: more
than half of what it costs to start a server.
"""

import dataclasses
import functools
from types import CodeType
from typing import Any

TEXTS_MAX = 10_000


@functools.lru_cache(TEXTS_MAX)
def _compiled(text: str) -> CodeType:
    return compile(text, "<string>", "exec", dont_inherit=True)


def _exec(
    text: str,
    globals: dict[str, Any] | None = None,
    locals: dict[str, Any] | None = None,
) -> None:
    exec(_compiled(text), globals, locals)


def compile_once() -> None:
    """Let the module find this `exec` before the built-in one."""
    vars(dataclasses)["exec"] = _exec
