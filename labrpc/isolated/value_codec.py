"""Plain values in msgpack: tuples stay tuples, and every number and text fits.

msgpack has one kind of array, numbers of 64 bits, and text in Unicode. A server
may return a tuple, a number of a hundred digits, or half a surrogate pair. So an
array carries a tag in front: what it stands for.
"""

from typing import Any

from labrpc.plain_values import INT_BITS_MAX

_LIST, _TUPLE, _DICT, _INT, _TEXT = "list", "tuple", "dict", "int", "text"
# No command is larger. With keys that all hash to the same number, the
# time that a dictionary takes grows with the square of its size.
DICT_ITEMS_MAX = 1_000
_AS_THEY_ARE = frozenset({bytes, float, bool, type(None)})
_CONTAINERS = frozenset({list, tuple, dict})
_ONE_VALUE = _AS_THEY_ARE | {int, str}
_DIGITS_MAX = INT_BITS_MAX * 3 // 10 + 2


def pack(value: Any) -> Any:
    """Return a plain value as one that msgpack can hold, for `unpack`."""
    kind = type(value)
    if kind is int:
        if -(1 << 63) <= value < 1 << 63:
            return value
        return [_INT, str(value)]
    if kind is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            return [_TEXT, value.encode(errors="surrogatepass")]
        return value
    if kind is tuple:
        return [_TUPLE, *map(pack, value)]
    if kind is list:
        return [_LIST, *map(pack, value)]
    if kind is dict:
        parts: list[Any] = [_DICT]
        for key, item in value.items():
            parts += (pack(key), pack(item))
        return parts
    assert kind in _AS_THEY_ARE, f"not a plain value: {kind}"
    return value


def pack_all(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return plain values for `unpack_all`; those that hold no others as they are.

    So a number or a text among them may yet be one that msgpack cannot hold.
    """
    if _CONTAINERS.isdisjoint(map(type, values)):
        return values
    return tuple(pack(v) if type(v) in _CONTAINERS else v for v in values)


def pack_the_rest(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what `pack_all` has returned with every number and text packed, too."""
    return tuple(v if type(v) is list else pack(v) for v in values)


def unpack_all(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what was packed.

    Raises:
        ValueError: one of them is nothing that `pack` returns.
    """
    if _ONE_VALUE.issuperset(map(type, values)):
        return values
    return tuple(map(unpack, values))


def unpack(packed: Any) -> Any:
    """Return the value that `pack` was given.

    Raises:
        ValueError: this is nothing that `pack` returns.
    """
    kind = type(packed)
    if kind is int or kind is str or kind in _AS_THEY_ARE:
        return packed
    if kind is not list or not packed:
        raise ValueError(f"a {kind.__name__} where a plain value belongs")
    tag, *parts = packed
    if tag == _TUPLE:
        return tuple(map(unpack, parts))
    if tag == _LIST:
        return list(map(unpack, parts))
    if tag == _DICT:
        return _unpack_dict(parts)
    if len(parts) == 1:
        if tag == _INT and type(parts[0]) is str and len(parts[0]) <= _DIGITS_MAX:
            return int(parts[0])
        if tag == _TEXT and type(parts[0]) is bytes:
            return parts[0].decode(errors="surrogatepass")
    raise ValueError("an array that stands for nothing")


def _unpack_dict(parts: list[Any]) -> dict[Any, Any]:
    if len(parts) % 2 or len(parts) > 2 * DICT_ITEMS_MAX:
        raise ValueError(f"a dictionary of {len(parts) // 2} items, or half of one")
    try:
        return {
            unpack(key): unpack(item)
            for key, item in zip(parts[::2], parts[1::2], strict=True)
        }
    except TypeError:
        raise ValueError("a dictionary with a key that cannot be one") from None
