r"""Raises SystemExit where the lab's own code runs, outside its threads.

Tries: Scheduler.stop(SystemExit(0)) from a thread
Wall: processes
Outcome: caught, lab-code-broke: its process broke: SystemExit: 0
Without: \Athe grader ended with status 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        if me == 0:
            peers[0]._calls._context.scheduler.stop(SystemExit(0))
