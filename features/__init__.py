"""A material as named numbers: what it is made of, how it is built, how its ions can move."""
