"""The refusal of something that was handed in: it is not graded, and the others are."""

from labrpc.codes import Code


class Refused(Exception):
    """What was handed in cannot be graded; the message says why, and what to do.

    Attributes:
        code: the stable name of what is wrong.
    """

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class RefusedArchive(Refused):
    """An archive cannot be unpacked; the message says why."""
