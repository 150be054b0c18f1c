"""Reading a pickled message, without loading it.

A pickle is a program for a small machine with a stack. This carries the program out on
plain values alone: a class is a name, and where pickle would call it, the result is an
object of that name. So nothing of the submission's is executed, whatever the bytes are.
"""

import pickletools
from collections.abc import Callable
from typing import Any

from tester.traces import values
from tester.traces.marshalled import FieldNames, named
from tester.traces.values import Value

# A value that is shared many times over would otherwise be copied without end.
_STEPS_MAX = 20_000
_COPIES_MAX = 20_000
_MARK = object()


def read_pickled(data: bytes, field_names: FieldNames) -> Value:
    """Return what a message holds.

    Raises:
        ValueError: it is no pickle, or one of a kind that no submission's value has.
    """
    machine = _Machine(field_names)
    try:
        for step, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if step > _STEPS_MAX:
                raise ValueError("too long")
            if opcode.name == "STOP":
                return _finished(machine.stack.pop(), 0)
            machine.do(opcode.name, argument)
    except (IndexError, TypeError, AttributeError, KeyError) as exc:
        raise ValueError(str(exc)) from None
    raise ValueError("it does not end")


class _Class:
    """A class or function that a pickle names."""

    def __init__(self, module: str, name: str) -> None:
        self.known_as = f"{module}:{name}"
        self.name = name


class _Object:
    """What pickle would have made of a class: its name, and what it was given."""

    def __init__(self, kind: _Class, args: list[Any]) -> None:
        self.kind = kind
        self.args = args
        self.state: dict[str, Any] = {}
        self.items: list[Any] = []


class _Bytes:
    """Bytes, of which only the number is shown."""

    def __init__(self, count: int) -> None:
        self.count = count


class _Dict(dict[str, Any]):
    """A dictionary with its keys as text."""


class _Set(list[Any]):
    """A set or frozen set, in the order of the pickle."""


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_GIVEN = frozenset(
    [
        *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
        *("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    ]
)
_IGNORED = frozenset(["PROTO", "FRAME"])
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": list,
    "EMPTY_DICT": _Dict,
    "EMPTY_SET": _Set,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Machine:
    """Carries out a pickle's steps on plain values."""

    def __init__(self, field_names: FieldNames) -> None:
        self.stack: list[Any] = []
        self._memo: list[Any] = []
        self._copies = 0
        self._field_names = field_names

    def do(self, name: str, argument: Any) -> None:
        """Carry out one step."""
        stack = self.stack
        if name in _GIVEN:
            bytes_given = isinstance(argument, (bytes, bytearray))
            stack.append(_Bytes(len(argument)) if bytes_given else argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            count = _TUPLES[name]
            stack[-count:] = [stack[-count:]]
        elif name == "MARK":
            stack.append(_MARK)
        elif name not in _IGNORED:
            getattr(self, f"_{name.lower()}")(argument)

    def _since_mark(self) -> list[Any]:
        place = len(self.stack) - 1 - self.stack[::-1].index(_MARK)
        since = self.stack[place + 1 :]
        del self.stack[place:]
        return since

    def _tuple(self, _: Any) -> None:
        self.stack.append(self._since_mark())

    def _append(self, _: Any) -> None:
        self._extend([self.stack.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._since_mark())

    def _additems(self, _: Any) -> None:
        self._extend(self._since_mark())

    def _frozenset(self, _: Any) -> None:
        self.stack.append(_Set(self._since_mark()))

    def _extend(self, items: list[Any]) -> None:
        top = self.stack[-1]
        (top.items if isinstance(top, _Object) else top).extend(items)

    def _setitem(self, _: Any) -> None:
        pair = self.stack[-2:]
        del self.stack[-2:]
        self._update(pair)

    def _setitems(self, _: Any) -> None:
        self._update(self._since_mark())

    def _update(self, flat: list[Any]) -> None:
        top = self.stack[-1]
        into = top.state if isinstance(top, _Object) else top
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            into[values.key_text(_finished(key, 0))] = value

    def _memoize(self, _: Any) -> None:
        self._memo.append(self.stack[-1])

    def _binget(self, place: int) -> None:
        self.stack.append(self._copied(self._memo[place], 0))

    _long_binget = _binget

    def _copied(self, value: Any, depth: int) -> Any:
        """Return a shared value anew, so that none holds itself."""
        self._copies += 1
        if self._copies > _COPIES_MAX or depth > 30:
            raise ValueError("too many references")
        if isinstance(value, dict):
            pairs = list(value.items())
            return _Dict({k: self._copied(v, depth + 1) for k, v in pairs})
        if isinstance(value, list):
            return type(value)([self._copied(v, depth + 1) for v in value])
        if isinstance(value, _Object):
            copy = _Object(value.kind, self._copied(value.args, depth + 1))
            copy.state = self._copied(value.state, depth + 1)
            copy.items = self._copied(value.items, depth + 1)
            return copy
        return value

    def _stack_global(self, _: Any) -> None:
        module, name = self.stack[-2:]
        self.stack[-2:] = [_Class(str(module), str(name))]

    def _reduce(self, _: Any) -> None:
        kind, args = self.stack[-2:]
        self.stack[-2:] = [_Object(_class(kind), list(args))]

    def _newobj(self, _: Any) -> None:
        self._reduce(None)
        made = self.stack[-1]
        names = self._field_names.get(made.kind.known_as, ())
        if made.args and len(made.args) == len(names):
            # A named tuple.
            made.state.update(named(made.args, names))
            made.args = []

    def _newobj_ex(self, _: Any) -> None:
        kind, args, keywords = self.stack[-3:]
        made = _Object(_class(kind), list(args))
        made.state.update(keywords)
        self.stack[-3:] = [made]

    def _build(self, _: Any) -> None:
        state = self.stack.pop()
        top = self.stack[-1]
        parts = state if isinstance(state, list) else [state]
        if all(part is None or isinstance(part, dict) for part in parts):
            for part in parts:
                top.state.update(part or {})
        else:
            # A frozen dataclass with slots: its values, in the order of its fields.
            top.state.update(named(parts, self._field_names.get(top.kind.known_as)))


def _class(found: Any) -> _Class:
    if not isinstance(found, _Class):
        raise ValueError("no class")
    return found


def _finished(value: Any, depth: int) -> Value:
    """Return what the machine has made as a trace holds it."""
    if depth > 30:
        raise ValueError("nested too deeply")
    if isinstance(value, _Object):
        return _finished_object(value, depth)
    if isinstance(value, _Class):
        return values.of_text(value.name)
    if isinstance(value, _Bytes):
        return values.of_bytes(value.count)
    if isinstance(value, _Set):
        return values.of_object("set", named(_all(value, depth), None))
    if isinstance(value, dict):
        return values.of_object("dict", _each(value, depth))
    if isinstance(value, list):
        return values.of_items(_all(value, depth))
    if value is _MARK:
        raise ValueError("a mark")
    return values.of_plain(value)


def _finished_object(made: _Object, depth: int) -> Value:
    fields = named(_all(made.args, depth), None) | _each(made.state, depth)
    if made.items:
        fields["items"] = values.of_items(_all(made.items, depth))
    return values.of_object(made.kind.name, fields)


def _all(found: list[Any], depth: int) -> list[Value]:
    return [_finished(item, depth + 1) for item in found]


def _each(found: dict[str, Any], depth: int) -> dict[str, Value]:
    return {key: _finished(item, depth + 1) for key, item in found.items()}
