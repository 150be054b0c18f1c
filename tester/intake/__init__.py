"""Finding the submissions in what was handed in."""
