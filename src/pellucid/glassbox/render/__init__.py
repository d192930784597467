"""Rendering of derivations: one file for each form, and what they share."""
