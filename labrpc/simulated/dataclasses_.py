"""The standard `dataclasses`, which compiles each text once in this process.

It writes a class's methods as text, and compiles that. Every incarnation defines
the submission's dataclasses anew, so the same few texts come by the hundred: more
than half of what it costs to start a server.
"""

import dataclasses
from collections.abc import Iterable
from contextlib import suppress
from types import CodeType
from typing import Any

TEXTS_MAX = 10_000

_codes: dict[str, CodeType] = {}


def compile_once() -> None:
    """Let the module find this `exec` before the built-in one."""
    vars(dataclasses)["exec"] = _exec


def texts() -> list[str]:
    """Return the texts that were compiled, oldest first."""
    return list(_codes)


def learn(texts: Iterable[str]) -> None:
    """Compile what another process has met, so that those forked from here need not."""
    for text in texts:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            _compiled(text)


def _compiled(text: str) -> CodeType:
    code = _codes.get(text)
    if code is None:
        code = compile(text, "<string>", "exec", dont_inherit=True)
        if len(_codes) < TEXTS_MAX:
            _codes[text] = code
    return code


def _exec(
    text: str,
    globals: dict[str, Any] | None = None,
    locals: dict[str, Any] | None = None,
) -> None:
    exec(_compiled(text), globals, locals)
