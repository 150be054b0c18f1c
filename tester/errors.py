"""Errors of the person who typed a command, and of the machine's disk.

Whose fault an error is, is its type: `labrpc.errors` has the errors of a submission and
of the lab.
"""

import errno


class UsageError(Exception):
    """A command that cannot be carried out as typed; the message says what to change."""


_OWN = {
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOSPC,
    errno.EROFS,
}


def is_disk_trouble(exc: Exception) -> bool:
    """Return whether an error is the machine's, and not that of a file or its name."""
    return isinstance(exc, OSError) and exc.errno in _OWN
