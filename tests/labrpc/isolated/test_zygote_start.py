"""The start of a zygote's process."""

import os

from labrpc.isolated import zygote_main, zygote_start


def test_nothing_that_a_zygote_imports_acts_when_it_forks(monkeypatch):
    monkeypatch.setattr(os, "register_at_fork", os.register_at_fork)
    acted = []

    def serve():
        os.register_at_fork(before=lambda: acted.append("as it forks"))
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        acted.append("forked")

    monkeypatch.setattr(zygote_main, "main", serve)
    zygote_start.main()
    assert acted == ["forked"]
