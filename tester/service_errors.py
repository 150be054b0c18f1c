"""The words of lab 3's contract for what came of an operation of a service.

Scenarios check them in a run, views and explanations read them in its trace.
"""

OK = "OK"
NO_KEY = "ErrNoKey"
VERSION = "ErrVersion"
MAYBE = "ErrMaybe"
WRONG_LEADER = "ErrWrongLeader"
