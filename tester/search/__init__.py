"""Search: the orders of events that nobody wrote a scenario for."""
