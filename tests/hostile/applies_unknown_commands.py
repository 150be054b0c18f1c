"""Applies a command that nobody has started.

Tries: apply_ch.put as soon as it starts
Wall: properties
Outcome: caught, never-started: never given to start
Without: passed:
"""

import threading

from labrpc import ApplyMsg
from raft.raft import Raft as Reference


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        made_up = ApplyMsg(command_valid=True, command="made up", command_index=1)
        threading.Thread(target=apply_ch.put, args=(made_up,), daemon=True).start()
