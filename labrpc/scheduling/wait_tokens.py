"""Tokens: a number for each wait of a thread, by which waits are known and counted."""

import itertools

next_token = itertools.count(1).__next__
"""Return the next token, one more than the last."""


def count_waits() -> int:
    """Return a number that is one more than at the last call, if no thread waited since.

    For each wait of a thread, whichever server's, it is one more.
    """
    return next_token()
