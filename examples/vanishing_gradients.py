"""Vanishing gradients: ten hidden layers of sigmoids pass almost nothing back to the first; of ReLUs, they do.

Each sigmoid multiplies the gradient by f'(z) = a (1 - a) <= 1/4, so w_new = w_old - alpha dJ/dw hardly differs from w_old.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def gradient_norms(activation: str) -> list[float]:
    """The norm of dW_l for l = 1..11 of a net with ten hidden layers of 32 such units."""
    X, y = load_breast_cancer(return_X_y=True)
    net = pl.Network([30] + [32] * 10 + [1], [activation] * 10 + ["sigmoid"], "log_loss", initializer="glorot_uniform", seed=0)
    gradients = net.gradients(StandardScaler().fit_transform(X), y)
    return [float(np.linalg.norm(gradients[f"dW{layer}"])) for layer in range(1, 12)]


def main() -> None:
    """Print the norms side by side."""
    print("layer   ||dW_l|| sigmoid   ||dW_l|| relu")
    for layer, (sigmoid, relu) in enumerate(zip(gradient_norms("sigmoid"), gradient_norms("relu"), strict=True), start=1):
        print(f"{layer:5d}   {sigmoid:16.3e}   {relu:13.3e}")


if __name__ == "__main__":
    main()
