"""What a message of an RPC holds, read from its bytes.

`labrpc.box.encoding` writes marshal or a pickle. Neither may be loaded from bytes that a
stranger made, so both are read without executing anything.
"""

from tester.traces import values
from tester.traces.marshalled import FieldNames, read_marshalled
from tester.traces.pickled import read_pickled
from tester.traces.values import Value

_PICKLE_START = 0x80


def read_message(data: bytes, field_names: FieldNames) -> Value:
    """Return what a message holds; how many bytes it is if that cannot be read."""
    read = read_pickled if data[:1] == bytes([_PICKLE_START]) else read_marshalled
    try:
        return read(data, field_names)
    except (ValueError, RecursionError):
        return values.of_bytes(len(data))
