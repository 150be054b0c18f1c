"""What a disk may fail with that is nobody's submission's fault."""

import errno

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
