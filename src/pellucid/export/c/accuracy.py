"""What weights of 8 bits cost: how far predictions move, and how many are right before and after."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.export.c.form import Form


def loss_of_quantization(form: Form, exact: Array, quantized: Array, y: Any) -> tuple[str, ...]:
    """A sentence or two.

    Args:
        form: the export.
        exact: what the model says, (m, n_outputs).
        quantized: what it says with weights of 8 bits.
        y: the targets, or None.

    """
    moved = float(np.abs(exact - quantized).max())
    task, classes = form.description.task, form.description.classes
    told = f"Weights of 8 bits move a prediction by {moved:.2g} at most"
    if task == "numbers":
        if y is None:
            return (f"{told}.",)
        Y = np.asarray(y, dtype=np.float64).reshape(exact.shape)
        before, after = (float(np.sqrt(np.mean((found - Y) ** 2))) for found in (exact, quantized))
        return (f"{told}; the root of the mean squared error is {after:.6g}, with all bits {before:.6g}.",)
    if task == "labels":
        labels = [found > 0.5 for found in (exact, quantized)]
        same = float((labels[0] == labels[1]).all(axis=1).mean())
        right = None if y is None else [float((found == (np.asarray(y) > 0.5)).all(axis=1).mean()) for found in labels]
    elif task == "columns":
        parts = form.description.heads
        names = [np.array(classes[head], dtype=object) for head in parts]
        picked = [[found[:, head].argmax(axis=1) for head in parts] for found in (exact, quantized)]
        chosen = [np.stack([column[at] for column, at in zip(names, places, strict=True)], axis=1) for places in picked]
        same = float((chosen[0] == chosen[1]).all(axis=1).mean())
        right = None if y is None else [float((found == np.asarray(y, dtype=object)).all(axis=1).mean()) for found in chosen]
    else:
        index = [found.argmax(axis=1) for found in (exact, quantized)]
        same = float((index[0] == index[1]).mean())
        right = None if y is None else [float((np.array(classes)[found] == np.asarray(y)).mean()) for found in index]
    told += f", and leave {same:.2%} of the predicted classes as they are"
    return (f"{told}.",) if right is None else (f"{told}; the accuracy is {right[1]:.2%}, with all bits {right[0]:.2%}.",)
