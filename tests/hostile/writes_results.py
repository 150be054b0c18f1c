"""Writes its own results.

Tries: new files in all folders where results may be looked for
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
        for folder in (
            os.getcwd(),
            "/tmp",
            "/var/tmp",
            "/dev/shm",
            os.path.dirname(__file__),
        ):
            name = f"{folder}/hostile-{os.getpid()}.json"
            try:
                fd = os.open(name, os.O_WRONLY | os.O_CREAT)
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: made", name)
                os.close(fd)
                os.remove(name)
