"""The lab on top of the emulated world: cluster, checks, graded runs, grades."""
