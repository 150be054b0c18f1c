"""Starting pytest: what a student's session does not need is not imported."""

import subprocess
import sys

SLOW = ("asyncio", "jinja2", "labrpc.real_time", "multiprocessing", "rich", "yaml")


def test_the_plugin_imports_nothing_that_is_slow_and_seldom_needed():
    program = (
        "import sys, tester.pytest_plugin.plugin, tester.pytest_plugin.session\n"
        f"print(*(name for name in {SLOW} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert (done.stdout.split(), done.stderr) == ([], "")
