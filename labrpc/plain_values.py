"""Plain values: the only ones, besides bytes, that pass a box's wall."""

from typing import Any

_SCALARS = frozenset({str, bytes, float, bool, type(None)})
# Larger numbers cannot be printed, so no report could name them.
INT_BITS_MAX = 4096
_INT = 1 << INT_BITS_MAX


def plain_copy(value: Any, what: str) -> Any:
    """Return `value` with its lists, tuples and dictionaries copied.

    Raises:
        TypeError: something in it is not plain; `what` names the value.
        ValueError: a number in it is beyond all measure.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is int:
        if value.bit_length() > INT_BITS_MAX:
            raise ValueError(
                f"{what} contains a number of {value.bit_length()} bits; at most "
                f"{INT_BITS_MAX} can leave a server"
            )
        return value
    if kind is tuple:
        # Most often of such parts as cannot be changed: then it is as good as a copy.
        for part in value:
            part_kind = type(part)
            if part_kind is int:
                if not -_INT < part < _INT:
                    break
            elif part_kind not in _SCALARS:
                break
        else:
            return value
    if kind is tuple or kind is list:
        # The usual parts are not worth a call each.
        parts = [
            v if type(v) in _SCALARS or (type(v) is int and -_INT < v < _INT)
            else plain_copy(v, what)
            for v in value
        ]  # fmt: skip
        return parts if kind is list else tuple(parts)
    if kind is dict:
        return {plain_copy(k, what): plain_copy(v, what) for k, v in value.items()}
    raise TypeError(
        f"{what} contains a {kind.__name__}: only None, numbers, text, bytes, and "
        "lists, tuples and dictionaries of them can leave a server"
    )
