"""Watching a network learn, one epoch at a time, and going on where it stopped."""

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, random_state=0, test_size=0.25)

mlp = MLPClassifier(
    hidden_layer_sizes=(24,),
    max_iter=1,
    warm_start=True,
    solver="sgd",
    learning_rate_init=0.2,
    alpha=1e-4,
    verbose=True,
    random_state=1,
)
train_scores, test_scores = [], []
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=ConvergenceWarning, module="sklearn")
    warnings.simplefilter("ignore", ConvergenceWarning)
    for _ in range(8):
        mlp.fit(X_train, y_train)
        train_scores.append(mlp.score(X_train, y_train))
        test_scores.append(mlp.score(X_test, y_test))
print("train", [round(score, 4) for score in train_scores])
print("test ", [round(score, 4) for score in test_scores])
print("loss curve of all fits", [round(loss, 8) for loss in mlp.loss_curve_], "epochs of the last", mlp.n_iter_)

mlp.set_params(max_iter=5, verbose=False, learning_rate_init=0.05)
mlp.fit(X_train, y_train)  # says that it has not converged
print("after five more", round(mlp.score(X_test, y_test), 4), "epochs", mlp.n_iter_, "samples", mlp.t_)

fig, axes = plt.subplots(3, 4)
vmin, vmax = mlp.coefs_[0].min(), mlp.coefs_[0].max()
for coef, ax in zip(mlp.coefs_[0].T, axes.ravel(), strict=False):
    ax.matshow(coef.reshape(8, 8), cmap=plt.cm.gray, vmin=0.5 * vmin, vmax=0.5 * vmax)
    ax.set_xticks(())
    ax.set_yticks(())
fig.savefig("filters.png")
plt.close(fig)
print(f"filters from {vmin:.6f} to {vmax:.6f}", [coef.shape for coef in mlp.coefs_], [b.shape for b in mlp.intercepts_])

try:
    mlp.fit(X_train, y_train % 3)
except ValueError as error:
    print("other classes:", str(error)[:60])
