"""A correct Raft whose messages count the entries of a log from 0, as a list does."""

from dataclasses import replace

from raft.raft import Raft as Reference

INDICES = ("prev_log_index", "leader_commit", "last_log_index", "last_included_index")


def moved(args, by):
    fields = {name: getattr(args, name, None) for name in INDICES}
    return replace(
        args,
        **{name: index + by for name, index in fields.items() if index is not None},
    )


class Peer:
    def __init__(self, end):
        self.end = end

    def call(self, method, args):
        return self.end.call(method, moved(args, -1))


class Raft(Reference):
    def __init__(self, peers, *args):
        super().__init__([Peer(end) for end in peers], *args)

    def request_vote(self, args):
        return super().request_vote(moved(args, 1))

    def append_entries(self, args):
        return super().append_entries(moved(args, 1))

    def install_snapshot(self, args):
        return super().install_snapshot(moved(args, 1))
