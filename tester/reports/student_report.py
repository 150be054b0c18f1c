"""report.html and report.md: the reports for a submission's student."""

from tester.reports.pages import page
from tester.reports.student import student_report
from tester.scoring.grades import Grade


def student_html(grade: Grade) -> bytes:
    """Return the report as an HTML page."""
    return page("student.html", report=student_report(grade))


def student_markdown(grade: Grade) -> bytes:
    """Return the report as Markdown, for a comment or a repository."""
    return page("student.md", report=student_report(grade))
