"""How far an export is from its model."""

from __future__ import annotations

import numpy as np

from pellucid.equations.arrays import Array

LIMITS = {"float32": 1e-6, "float64": 1e-12}
"""the largest difference, as a part of the largest number; of probabilities as it is"""


def difference(found: Array, expected: Array, task: str) -> float:
    """The largest difference, as a part of the largest number (of 1, for probabilities); infinite where only one is a number."""
    if found.shape != expected.shape or not (np.isfinite(found) == np.isfinite(expected)).all():
        return float("inf")
    known = np.isfinite(expected)
    if not known.any():
        return 0.0
    scale = 1.0 if task != "numbers" else float(np.abs(expected[known]).max()) or 1.0
    return float(np.abs(found[known] - expected[known]).max()) / scale
