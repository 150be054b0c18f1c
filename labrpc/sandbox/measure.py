"""A measure: one wall of the sandbox, and whether it stands on this machine."""

import msgspec


class Measure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One wall of the sandbox, and whether it stands here.

    Attributes:
        name: of the wall, as in `sandbox.WALLS`.
        in_force: whether it stands.
        detail: what it does, or why it does not stand.
    """

    name: str
    in_force: bool
    detail: str
