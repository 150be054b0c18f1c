"""A student's source code: finding, compiling and naming it."""
