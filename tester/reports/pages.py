"""Filling in the templates of pages, safely.

In HTML everything is escaped; in Markdown, text that a submission can influence goes
through one of the filters.
"""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tester.scoring.grades import number
from tester.text import counted, listed, markdown_fenced, markdown_plain
from tester.versions import PYTHON


def page(template: str, **values: Any) -> bytes:
    """Return a template with its values filled in."""
    text = _environment().get_template(template).render(values)
    return text.encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tester.reports"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["python"] = PYTHON
    environment.globals["counted"] = counted
    environment.globals["listed"] = listed
    environment.filters["number"] = number
    environment.filters["plain"] = markdown_plain
    environment.filters["fenced"] = markdown_fenced
    return environment
