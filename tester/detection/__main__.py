"""`python -m tester.detection`: see `measure`."""

import sys

from tester.detection.measure import main

sys.exit(main())
