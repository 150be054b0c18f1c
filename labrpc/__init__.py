"""An emulated network of servers in virtual time; students import four names.

Inside a box, `labrpc` is the contract and nothing else.
"""

from labrpc.contract import ApplyMsg, ClientEnd, Persister, annotate

__all__ = ["ApplyMsg", "ClientEnd", "Persister", "annotate"]
