"""Changes what is there: the lab's modules, the submission, folders.

Tries: chmod, rename, unlink, mkdir, symlink and truncate by the real os
Wall: files, system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        here = f"/tmp/hostile-{os.getpid()}"
        for change in (
            lambda: os.mkdir(here),
            lambda: os.chmod(here, 0o700),
            lambda: os.symlink(__file__, f"{here}/link"),
            lambda: os.rename(f"{here}/link", f"{here}/other"),
            lambda: os.unlink(f"{here}/other"),
            lambda: os.rmdir(here),
        ):
            try:
                change()
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: has changed", here)
