"""Names modules that end the process which imports them.

Tries: import statements that never run
Wall: warm-up
Outcome: harmless
Without: does not load: Python broke
"""

from raft.raft import Raft as Reference


def never():
    import venv.__main__  # noqa: F401


class Raft(Reference):
    pass
