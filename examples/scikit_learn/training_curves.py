"""How the learning strategies compare: the loss curves of eight settings on one data set, drawn beside each other."""

import warnings

import matplotlib.pyplot as plt
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import MinMaxScaler

SGD = {"solver": "sgd", "learning_rate_init": 0.2}
STRATEGIES = {
    "constant learning rate": {**SGD, "learning_rate": "constant", "momentum": 0},
    "constant with momentum": {**SGD, "learning_rate": "constant", "momentum": 0.9, "nesterovs_momentum": False},
    "constant with Nesterov's momentum": {**SGD, "learning_rate": "constant", "momentum": 0.9, "nesterovs_momentum": True},
    "inverse scaling": {**SGD, "learning_rate": "invscaling", "momentum": 0, "power_t": 0.4},
    "inverse scaling with momentum": {**SGD, "learning_rate": "invscaling", "momentum": 0.9, "nesterovs_momentum": False},
    "adaptive": {**SGD, "learning_rate": "adaptive", "momentum": 0.5, "tol": 1e-3, "n_iter_no_change": 2},
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "adam, other moments": {"solver": "adam", "learning_rate_init": 0.01, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
}

fig, axes = plt.subplots(1, 3, figsize=(15, 5))
iris, digits = datasets.load_iris(), datasets.load_digits()
moons = datasets.make_moons(noise=0.3, random_state=0, n_samples=100)
for ax, name, (X, y) in zip(
    axes, ("iris", "digits", "moons"), ((iris.data, iris.target), (digits.data[:250], digits.target[:250]), moons), strict=True
):
    X = MinMaxScaler().fit_transform(X)
    print("learning on", name)
    for label, params in STRATEGIES.items():
        mlp = MLPClassifier(random_state=0, max_iter=15, **params)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=ConvergenceWarning)
            mlp.fit(X, y)
        ax.plot(mlp.loss_curve_, label=label)
        print(f"{label}: score {mlp.score(X, y):.6f} loss {mlp.loss_:.8f} best {mlp.best_loss_:.8f} in {mlp.n_iter_} epochs")
    ax.set_title(name)
fig.legend(axes[0].get_lines(), list(STRATEGIES), ncol=3, loc="upper center")
fig.savefig("curves.png")
plt.close(fig)
