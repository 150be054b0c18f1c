"""Takes less memory in each server than one may have, and too much in all of them.

Tries: 100 MB in the second get_state of each server
Wall: run limits
Outcome: caught, memory-limit: take more than .* MB together
Without: BREACH
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    calls = 0
    ballast = b""

    def get_state(self):
        Raft.calls += 1
        if Raft.calls == 2:
            Raft.ballast = b"x" * (100 << 20)
        if Raft.calls == 5:
            print("BREACH: all that was taken is still there")
        return super().get_state()
