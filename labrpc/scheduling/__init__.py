"""Simulated threads: switching between them, and preemption."""
