"""Expressions: formulas as trees, to be printed, evaluated and differentiated. They know nothing of networks."""
