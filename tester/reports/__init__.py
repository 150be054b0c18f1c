"""The reports of a grading: terminal tables, data for programs, pages for people.

Reports read grades and runs only; they do not know how these came about.
"""

from tester.reports.files import (
    remove_class_files,
    remove_reports,
    write_details,
    write_files,
    write_submission_files,
)
from tester.reports.terminal import print_grades

__all__ = [
    "print_grades",
    "remove_class_files",
    "remove_reports",
    "write_details",
    "write_files",
    "write_submission_files",
]
