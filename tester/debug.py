"""Looking at a run in a debugger: virtual time stands still meanwhile.

With `--pdb`, a graded test runs here instead of in `run`: its exception
reaches pytest as it is, with the cluster still open, so that the prompt
stands where the property broke.
"""

from collections.abc import Callable
from contextlib import ExitStack

from labrpc.real_time import watchdog
from labrpc.submission import Submission
from tester.prompt import lab_at_prompts
from tester.run import GradedTest, open_cluster


def debug_test(
    test: GradedTest,
    submission: Submission,
    seed: int,
    at_teardown: Callable[[Callable[[], None]], None],
) -> None:
    """Run a test and let its exception through.

    Args:
        test: the scenario.
        submission: what every server runs.
        seed: from which all randomness of the run comes.
        at_teardown: is given what closes the cluster, to be called when nobody
            looks at it any more.
    """
    cluster = open_cluster(test, submission, seed)
    prompts = ExitStack()
    prompts.enter_context(lab_at_prompts(cluster))
    at_teardown(cluster.close)
    at_teardown(prompts.close)
    with watchdog(cluster.world):
        cluster.boot()
        test.function(cluster)
