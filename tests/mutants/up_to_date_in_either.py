"""A candidate is up-to-date if its last term, or its last index, is not below the voter's.

Paper: section 5.4.1
Breaks: safety (Leader Completeness)
Source: public solutions of the lab
Found by: test_backup_of_wrong_logs at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_up_to_date(self, args):
        return (
            args.last_log_term > self.log.last_term
            or args.last_log_index >= self.log.last_index
        )
