"""What the lab writes for others: starters, assignments and autograders."""
