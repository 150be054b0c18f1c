"""Processes that judge."""
