"""The state of the sandbox on this machine, reported before grading begins."""

from labrpc.errors import LabError
from labrpc.isolated.zygote import sandbox_measures
from tester.errors import UsageError
from tester.judging.run_hosting import RunHosting

MISSING = (
    "a submission can do here what a missing layer would prevent (docs/isolation.md); "
    "with --require-sandbox nothing is graded on such a machine"
)


def sandbox_status(hosting: RunHosting) -> list[str]:
    """Return lines that say which layers are in force here, and which are missing.

    Raises:
        UsageError: isolation is impossible here, or a layer that is required is
            missing.
    """
    if not hosting.isolated:
        if hosting.require_sandbox:
            raise UsageError("--require-sandbox needs --isolation process")
        return [
            "isolation: none. Submissions run in the process that judges them, so grade "
            "only code that you trust"
        ]
    try:
        layers = sandbox_measures()
    except LabError as exc:
        raise UsageError(
            f"--isolation process: {exc}; --isolation none is for code that you trust"
        ) from None
    missing = [layer for layer in layers if not layer.in_force]
    if missing and hosting.require_sandbox:
        reasons = "; ".join(f"{layer.name}: {layer.detail}" for layer in missing)
        raise UsageError(
            f"--require-sandbox: layers of the sandbox are missing here: {reasons}"
        )
    lines = [
        "isolation: each server runs in a sandboxed process; the sandbox's layers:"
    ]
    for layer in layers:
        state = "" if layer.in_force else "MISSING: "
        lines.append(f"  {layer.name}: {state}{layer.detail}")
    return [*lines, *([MISSING] if missing else [])]
