"""One incarnation of a server: the threads, RPC ends and messages inside it."""
