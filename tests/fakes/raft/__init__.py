"""What the fakes share, under the one name that a submission in one file may import."""
