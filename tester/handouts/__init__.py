"""What the lab writes for others: starters and autograders."""
