"""Vanishing gradients: ten hidden layers of sigmoids pass almost nothing back to the first; of ReLUs, they do.

Each sigmoid multiplies the gradient by f'(z) = a (1 - a) <= 1/4, so w_new = w_old - alpha dJ/dw hardly differs from w_old.
`gradient_health` shows the factors, says so in words, and tries what would help.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def network(activation: str) -> pl.Network:
    """Ten hidden layers of 32 such units."""
    return pl.Network([30] + [32] * 10 + [1], [activation] * 10 + ["sigmoid"], "log_loss", initializer="glorot_uniform", seed=0)


def data() -> tuple[np.ndarray, np.ndarray]:
    """Breast cancer, each column scaled."""
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def gradient_norms(activation: str) -> list[float]:
    """The norm of dW_l for l = 1..11."""
    gradients = network(activation).gradients(*data())
    return [float(np.linalg.norm(gradients[f"dW{layer}"])) for layer in range(1, 12)]


def main() -> None:
    """Print the norms side by side, and what is wrong with the sigmoids."""
    print("layer   ||dW_l|| sigmoid   ||dW_l|| relu")
    for layer, (sigmoid, relu) in enumerate(zip(gradient_norms("sigmoid"), gradient_norms("relu"), strict=True), start=1):
        print(f"{layer:5d}   {sigmoid:16.3e}   {relu:13.3e}")
    print(pl.gradient_health(network("sigmoid"), *data(), try_remedy=True))


if __name__ == "__main__":
    main()
