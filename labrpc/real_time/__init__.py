"""The same servers and network on real threads and clocks."""
