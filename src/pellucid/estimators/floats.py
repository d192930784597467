"""Losses as attributes are NumPy's floats, as scikit-learn's are; in files they are plain ones, which take a hundredth of the room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

LOSSES = ("loss_", "best_loss_", "loss_curve_")


def as_files_have(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The losses among these attributes as plain floats."""
    return {name: np.asarray(attributes[name]).tolist() for name in LOSSES if attributes.get(name) is not None}


def as_scikit_learn_has(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The losses among these attributes as NumPy's floats."""
    found = {name: attributes[name] for name in LOSSES if attributes.get(name) is not None}
    return {
        name: list(np.asarray(value, dtype=np.float64)) if isinstance(value, list) else np.float64(value) for name, value in found.items()
    }
