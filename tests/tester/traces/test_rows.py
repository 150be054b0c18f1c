"""The rows of a trace: each kind is documented with its fields."""

from typing import get_args

import pytest

from tester.traces import rows


@pytest.mark.parametrize("kind", get_args(rows.AnyRow), ids=lambda kind: kind.__name__)
def test_the_page_lists_its_fields(kind, project):
    common = rows.Row.__struct_fields__
    own = [name for name in kind.__struct_fields__ if name not in common]
    fields = ", ".join(f"`{name}`" for name in own)
    page = (project / "docs/trace.md").read_text()
    assert f"| `{kind.__name__.lower()}` | {fields} |" in page
