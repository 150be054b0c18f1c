"""Values of messages and entries, as an explanation of a service reads them.

Text that is a JSON object or a JSON list is read as what it stands for, as far as the
trace has kept it whole.
"""

import json
from collections import Counter, deque
from collections.abc import Iterator

from tester.traces import values
from tester.traces.operations import Operation
from tester.traces.values import Value


def leaves(value: Value) -> Iterator[Value]:
    """Yield the numbers, texts and so on that a value consists of."""
    if isinstance(value, dict):
        for part in [*values.fields(value).values(), *values.items(value)]:
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
    elif isinstance(value, str) and value[:1] in ("{", "["):
        yield from _leaves_of_json(value)
    else:
        yield value


def _leaves_of_json(text: str) -> Iterator[Value]:
    """Yield what a JSON text consists of, or the text if it is none."""
    try:
        parts = deque([json.loads(text)])
    except (ValueError, RecursionError):
        parts = deque([text])
    while parts:
        part = parts.popleft()
        if isinstance(part, dict):
            parts += part.values()
        elif isinstance(part, list):
            parts += part
        else:
            yield part


def texts(value: Value) -> list[str]:
    """Return the texts in a value."""
    return [leaf for leaf in leaves(value) if isinstance(leaf, str)]


def is_of(put: Operation, value: Value) -> bool:
    """Return whether a message or an entry holds key, value and version of a put."""
    wanted = Counter(map(_typed, put.called.args))
    return not wanted - Counter(map(_typed, leaves(value)))


def is_cut(value: Value) -> bool:
    """Return whether the trace has kept only part of a list in a value."""
    if isinstance(value, dict):
        return "items" in value or any(map(is_cut, values.fields(value).values()))
    return isinstance(value, list) and any(map(is_cut, value))


def _typed(value: Value) -> tuple[type, Value]:
    """Return a value that True and 1 do not share."""
    return type(value), value if not isinstance(value, dict | list) else str(value)
