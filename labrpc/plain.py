"""Plain values: the only ones, besides bytes, that pass a box's wall."""

from typing import Any

_SCALARS = frozenset({int, str, bytes, float, bool, type(None)})


def plain_copy(value: Any, what: str) -> Any:
    """Return `value` with its lists, tuples and dictionaries copied.

    Raises:
        TypeError: something in it is not plain; `what` names the value.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is list:
        return [plain_copy(v, what) for v in value]
    if kind is tuple:
        return tuple([plain_copy(v, what) for v in value])
    if kind is dict:
        return {plain_copy(k, what): plain_copy(v, what) for k, v in value.items()}
    raise TypeError(
        f"{what} contains a {kind.__name__}: only None, numbers, text, bytes, and "
        "lists, tuples and dictionaries of them can leave a server"
    )
