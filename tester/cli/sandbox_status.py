"""What stands between a submission and the rest of the machine, told before grading."""

from labrpc.errors import LabError
from labrpc.isolated.zygote import sandbox_measures
from tester.errors import UsageError

MISSING = (
    "a submission could do there what this wall would prevent (docs/isolation.md); "
    "--require-sandbox refuses to grade without it"
)


def told_walls(isolation: str, required: bool) -> list[str]:
    """Return, a line each, which walls stand on this machine, and which do not.

    Raises:
        UsageError: there can be no isolation here, or a wall is missing that is
            required.
    """
    if isolation == "none":
        if required:
            raise UsageError("--require-sandbox needs --isolation process")
        return [
            "isolation: none. Submissions run in the process that judges them: only "
            "for code that you trust"
        ]
    try:
        measures = sandbox_measures()
    except LabError as exc:
        raise UsageError(
            f"--isolation process: {exc}; --isolation none is for code that you trust"
        ) from None
    missing = [wall for wall in measures if not wall.in_force]
    if missing and required:
        reasons = "; ".join(f"{wall.name}: {wall.detail}" for wall in missing)
        raise UsageError(f"--require-sandbox: not all walls stand here: {reasons}")
    lines = ["isolation: each server is a process of its own, behind these walls:"]
    for wall in measures:
        standing = "" if wall.in_force else "MISSING: "
        lines.append(f"  {wall.name}: {standing}{wall.detail}")
    return [*lines, *([MISSING] if missing else [])]
