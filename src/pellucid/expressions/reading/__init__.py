"""Equations as people write them, in LaTeX, in the manner of NumPy or in Unicode, to trees; what the names stand for is left open."""
