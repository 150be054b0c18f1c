"""Linearizability of a key/value service whose puts name the version they replace."""
