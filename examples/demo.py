"""The main job, on real data: train, score, prove the gradients, open one sample, save, predict, draw.

Run it with ``make demo``. The data are the 1,797 handwritten digits that scikit-learn ships; everything that is written goes into
``demo-output/``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import pellucid as pl
from pellucid.glassbox.plots import loss_curves


def main() -> None:
    """The whole tour; takes some seconds."""
    console = Console(width=min(Console().width, 110))
    folder = Path("demo-output")
    folder.mkdir(exist_ok=True)

    console.rule("[bold]1. Train a network to read digits")
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, test_size=0.25, random_state=0, stratify=y)
    net = pl.Network([64, 64, 10], activations=["relu", "softmax"], loss="cross_entropy", l2=1e-4, seed=0)
    console.print(f"{net}: {net.n_parameters:,} parameters, {len(X_train):,} digits to learn from")
    history = net.fit(X_train, y_train, epochs=60, batch_size=32, validation=0.1, early_stopping=pl.EarlyStopping(patience=10))
    console.print(f"{history}\nstopped by: {history.stopped_by}; weights of epoch {history.best_epoch} restored")

    console.rule("[bold]2. Score on digits it has not seen")
    right = net.predict(X_test).argmax(axis=1) == y_test
    baseline = LogisticRegression(max_iter=2000).fit(X_train, y_train).score(X_test, y_test)
    console.print(f"accuracy {right.mean():.3f} on {len(y_test)} digits (logistic regression: {baseline:.3f}; guessing: 0.1)")

    console.rule("[bold]3. Prove that its gradients are right")
    report = pl.check_gradients(net, X_test[:16], y_test[:16])
    console.print(report)
    console.print(f"[bold green]proved[/]: largest relative error {report.max_relative_error:.1e}" if report.passed else report)

    console.rule("[bold]4. Look through one sample, from x to every gradient")
    small = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], loss="log_loss", seed=0)
    console.print(small.trace([[5.1, 3.5, 1.4, 0.2]], [1]))

    console.rule("[bold]5. Save it, load it, use it")
    path = folder / "digits.safetensors"
    net.save(path, force=True)
    again = pl.Network.load(path)
    same = np.array_equal(again.predict(X_test), net.predict(X_test))
    console.print(f"{path} ({path.stat().st_size:,} bytes, no code inside); predictions are the same: {same}")
    console.print(f"the first ten digits read {again.predict(X_test[:10]).argmax(axis=1)}, they are {y_test[:10]}")

    console.rule("[bold]6. See how it learned")
    figure = Figure(figsize=(7, 4), layout="constrained")
    loss_curves(history, figure.add_subplot())
    picture = folder / "loss.png"
    figure.savefig(picture, dpi=120)
    console.print(f"the loss curves are in {picture}")


if __name__ == "__main__":
    main()
