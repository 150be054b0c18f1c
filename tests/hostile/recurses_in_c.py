"""Overflows the stack of C, up to Python 3.11; later ones refuse the text.

Tries: a JSON text of a million brackets, with no limit to recursion
Wall: processes
Outcome: caught, process-ended|raises-in-constructor: its process died of SIGSEGV|RecursionError: .* JSON
Without: the grader ended with status -11|RecursionError: .* JSON
"""

import collections
import json

from raft.raft import Raft as Reference

real = collections._sys.modules
sys = real["sys"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        sys.setrecursionlimit(10**9)
        json.loads("[" * 10**6)
