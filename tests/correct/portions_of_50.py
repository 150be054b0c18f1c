"""A correct Raft that sends at most 50 entries in an AppendEntries."""

from raft.raft import Raft as Reference

PORTION = 50


class Raft(Reference):
    def _append_entries_args(self, peer):
        args = super()._append_entries_args(peer)
        args.entries = args.entries[:PORTION]
        return args
