"""Readings come in pieces: partial_fit learns from one after the other and is tested on each before it sees it."""

import numpy as np
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

X, y = make_classification(1200, 12, n_informative=8, n_classes=3, random_state=4)
pieces = list(zip(np.array_split(X, 12), np.array_split(y, 12), strict=True))

scaler = StandardScaler()
model = MLPClassifier(
    hidden_layer_sizes=[20],
    activation="relu",
    solver="sgd",
    learning_rate="invscaling",
    learning_rate_init=0.5,
    power_t=0.25,
    momentum=0.8,
    nesterovs_momentum=False,
    batch_size=20,
    shuffle=True,
    random_state=np.random.RandomState(11),
)
classes = np.unique(y)
seen = 0
for number, (rows, labels) in enumerate(pieces):
    scaler.partial_fit(rows)
    rows = scaler.transform(rows)
    if number:
        print(f"piece {number}: {model.score(rows, labels):.4f} before it was learned, loss {model.loss_:.8f}")
    model.partial_fit(rows, labels, classes=classes)
    seen += len(rows)
print("samples seen", model.t_, model.t_ == seen, "epochs", model.n_iter_)
print("curve", np.round(model.loss_curve_, 8), "best", round(model.best_loss_, 8))

try:
    model.partial_fit(rows, labels + 5)
except ValueError as error:
    print("a class it was not told of:", error)
try:
    MLPClassifier(solver="lbfgs").partial_fit(rows, labels, classes=classes)
except AttributeError as error:
    print("lbfgs:", error)
print("can learn in pieces:", hasattr(model, "partial_fit"), hasattr(MLPRegressor(solver="lbfgs"), "partial_fit"))

sensor = MLPRegressor(hidden_layer_sizes=10, solver="adam", beta_1=0.8, beta_2=0.99, epsilon=1e-6, learning_rate_init=0.02, random_state=0)
time = np.linspace(0, 6, 600)
for epoch in range(40):
    for part in np.array_split(np.random.RandomState(epoch).permutation(600), 6):
        sensor.partial_fit(time[part, None], np.sin(time[part]))
print("the sine is known to", round(sensor.score(time[:, None], np.sin(time)), 6), "after", sensor.t_, "readings")
