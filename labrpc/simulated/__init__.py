"""The standard modules as a server sees them: virtual time, simulated threads."""
