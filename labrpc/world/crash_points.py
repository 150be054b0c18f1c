"""Crash points: a server dies within a step, and only its first actions get out.

A step's actions leave in order, so cutting the list after the k-th is a power
cut at that very point: after the disk was written and before the reply left,
or after the reply left and before the next message.
"""

from collections.abc import Callable, Sequence

from labrpc.world.events import Action, Call, Persist, Reply

CrashPoint = Callable[[Sequence[Action]], int | None]
"""How many of a step's actions still get out; None to live on until a later step."""


def before_persist(actions: Sequence[Action]) -> int | None:
    """Die when the disk is about to be written."""
    return _first(actions, Persist)


def after_persist(actions: Sequence[Action]) -> int | None:
    """Die when the disk has been written, before another server can learn of it."""
    return _after_first(actions, Persist)


def between_saves(actions: Sequence[Action]) -> int | None:
    """Die after the first of several writes to the disk: what belongs together is torn."""
    writes = [i for i, action in enumerate(actions) if type(action) is Persist]
    return writes[0] + 1 if len(writes) > 1 else None


def before_reply(actions: Sequence[Action]) -> int | None:
    """Die when a handler has returned, before its reply leaves."""
    return _first(actions, Reply)


def after_reply(actions: Sequence[Action]) -> int | None:
    """Die right after a reply has left."""
    return _after_first(actions, Reply)


def after_call(actions: Sequence[Action]) -> int | None:
    """Die right after the first RPC of several has left."""
    return _after_first(actions, Call)


def _first(actions: Sequence[Action], kind: type[Action]) -> int | None:
    for index, action in enumerate(actions):
        if type(action) is kind:
            return index
    return None


def _after_first(actions: Sequence[Action], kind: type[Action]) -> int | None:
    index = _first(actions, kind)
    return None if index is None else index + 1
