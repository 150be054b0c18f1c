"""Whose fault a problem of the lab's own face is, as a type.

`labrpc.errors` has the submission's faults and the lab's; here are those of the
person who asked, and of the machine's disk.
"""

import errno


class UsageError(Exception):
    """The person asked for something that is not there; the message says what."""


_OWN = {
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOSPC,
    errno.EROFS,
}


def is_disk_trouble(exc: Exception) -> bool:
    """Return whether the machine is at fault, and not what was to be read or written."""
    return isinstance(exc, OSError) and exc.errno in _OWN
