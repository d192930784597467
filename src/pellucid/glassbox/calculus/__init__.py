"""Derivatives of formulas, rule by rule, as a textbook writes them."""

from pellucid.glassbox.calculus.differentiate import differentiate

__all__ = ["differentiate"]
