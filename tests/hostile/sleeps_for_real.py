"""Lets real time pass.

Tries: time.sleep, select.select and sigtimedwait, of the real modules
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
select = real["builtins"].__import__("select")
signal = real["signal"]
sleep = real["labrpc.machine.wall_clock"].sleep_s


def wait_for_nothing(seconds):
    select.select([], [], [], seconds)


def wait_for_a_signal(seconds):
    signal.sigtimedwait([signal.SIGUSR1], seconds)


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for wait in (sleep, wait_for_nothing, wait_for_a_signal):
            try:
                wait(0.001)
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: real time has passed, by", wait.__name__)
