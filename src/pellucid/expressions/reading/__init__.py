"""Equations as people write them, in LaTeX, in code in the manner of NumPy, or in Unicode, to trees. What the names stand for is decided elsewhere."""
