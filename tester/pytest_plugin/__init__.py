"""pytest's face of the lab."""
