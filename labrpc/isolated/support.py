"""Whether this system can give each server a process of its own."""

import os


def missing() -> str:
    """Return why there can be no zygote on this system, "" if there can."""
    if hasattr(os, "pidfd_open"):
        return ""
    return "servers in processes of their own need Linux 5.3 or later (on Windows, WSL)"
