"""Makes files where only the superuser may.

Tries: new files in /var/lib, /usr/local/bin and /etc
Wall: user, files, system calls
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
        for folder in ("/var/lib", "/usr/local/bin", "/etc"):
            name = f"{folder}/hostile-{os.getpid()}"
            try:
                os.close(os.open(name, os.O_WRONLY | os.O_CREAT))
                os.remove(name)
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: has made", name)
