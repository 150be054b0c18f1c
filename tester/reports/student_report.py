"""report.html and report.md: a grade that its student can read without help."""

from tester.reports.pages import page
from tester.reports.student import student_report
from tester.scoring.grades import Grade


def student_html(grade: Grade) -> bytes:
    """Return the report as a page of its own."""
    return page("student.html", report=student_report(grade))


def student_markdown(grade: Grade) -> bytes:
    """Return the report as Markdown, for a comment or a repository."""
    return page("student.md", report=student_report(grade))
