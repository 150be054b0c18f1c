"""report.html and report.md: the reports for a submission's student."""

from tester.reports.pages import page
from tester.reports.student import student_report
from tester.reports.student_groups import failure_groups, warning_groups
from tester.scoring.grades import Grade


def student_html(grade: Grade) -> bytes:
    """Return the report as an HTML page."""
    return _filled_in("student.html", grade)


def student_markdown(grade: Grade) -> bytes:
    """Return the report as Markdown, for a comment or a repository."""
    return _filled_in("student.md", grade)


def _filled_in(template: str, grade: Grade) -> bytes:
    report = student_report(grade)
    return page(
        template,
        report=report,
        failures=[] if report.load_error else failure_groups(report.tests),
        warnings=warning_groups(report.tests),
    )
