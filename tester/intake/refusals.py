"""The refusal of something that was handed in: it is not graded, and the others are."""


class Refused(Exception):
    """What was handed in cannot be graded; the message says why, and what to do."""
