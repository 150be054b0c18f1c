"""One test, one submission, one seed: from a run to a verdict."""
