r"""Ends its process when it is asked for its vote.

Tries: os._exit(0) in an RPC handler
Wall: processes
Outcome: caught, process-ended: its process ended by itself, with exit status 0
Without: \Athe grader ended with status 0
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]


class Raft(Reference):
    def request_vote(self, args):
        os._exit(0)
