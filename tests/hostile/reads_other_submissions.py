"""Reads what others have handed in.

Tries: files that lie beside its own
Wall: files
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
builtins = real["builtins"]
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        folder = os.path.dirname(__file__)
        for path in (
            folder,
            f"{folder}/exits_in_a_handler.py",
            f"{folder}/../submissions",
        ):
            try:
                if os.path.isdir(path):
                    print("BREACH: sees", os.listdir(path))
                else:
                    with builtins.open(path) as file:
                        print("BREACH: has read", path, len(file.read()))
            except OSError as exc:
                print("refused:", exc)
