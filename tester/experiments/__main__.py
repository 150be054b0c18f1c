"""`python -m tester.experiments`: see `command`."""

import sys

from tester.experiments.command import main

sys.exit(main())
