"""The names of students in Gradescope's "Export Submissions".

The export has folders `submission_123`, and a file `submission_metadata.yml` that says
who handed in each.
"""

from pathlib import Path
from typing import Any

METADATA = "submission_metadata.yml"


def gradescope_names(directory: Path, notes: list[str]) -> dict[str, str]:
    """Return the names of those who handed in each folder, as in "Ann and Bob"."""
    file = directory / METADATA
    if not file.is_file():
        return {}
    # Slow to import, and only an instructor has such a file.
    import yaml

    try:
        metadata = yaml.load(file.read_bytes(), _loader())
        return {
            folder: " and ".join(map(_name_of, _field(facts, "submitters")))
            for folder, facts in metadata.items()
            if _field(facts, "submitters")
        }
    except (OSError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError):
        notes.append(
            f"{file} is not in the format that Gradescope writes: submissions are named "
            "by their folders"
        )
        return {}


def _loader() -> Any:
    """Return what reads plain values; Ruby's own, such as its times, become None."""
    try:  # Ten times as fast, where it was compiled.
        from yaml import CSafeLoader as SafeLoader
    except ImportError:
        from yaml import SafeLoader  # type: ignore[assignment]

    class Loader(SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    return Loader


def _name_of(submitter: dict[str, Any]) -> str:
    found = (_field(submitter, key) for key in ("name", "email", "sid"))
    name = next(filter(None, found), None)
    if not isinstance(name, (str, int)):
        raise TypeError("not a name")
    return str(name)


def _field(facts: dict[str, Any], name: str) -> Any:
    """Return a field, None without it; Ruby begins its name with a colon."""
    return facts.get(f":{name}", facts.get(name))
