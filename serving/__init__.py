"""The trained model in use: over HTTP, for whole lists, and on the command line."""
