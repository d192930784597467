"""The review of written equations: a line or a sheet of them, in NumPy or LaTeX, held against a network and its numbers."""
