"""What grading shows and writes: tables, data for programs, pages for people.

Reads grades and runs only; it does not know how they came about.
"""

from tester.reports.files import remove_reports, write_files, write_submission_files
from tester.reports.terminal import print_submission, print_summary

__all__ = [
    "print_submission",
    "print_summary",
    "remove_reports",
    "write_files",
    "write_submission_files",
]
