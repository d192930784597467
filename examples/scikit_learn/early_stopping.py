"""Stopping at the right time: by a part that is held out, or by the training loss; how patient, and what is kept."""

import contextlib
import io
import re

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import scale

X, y = load_breast_cancer(return_X_y=True)
X = scale(X)

spoken = io.StringIO()
with contextlib.redirect_stdout(spoken):
    model = MLPClassifier(
        (30, 10), early_stopping=True, validation_fraction=0.2, n_iter_no_change=6, tol=1e-3, max_iter=400, verbose=True, random_state=2
    ).fit(X, y)
losses = [float(loss) for loss in re.findall(r"loss = ([\d.]+)", spoken.getvalue())]
scores = [float(score) for score in re.findall(r"Validation score: ([\d.]+)", spoken.getvalue())]
print("epochs", model.n_iter_, "said", len(losses), len(scores), "last words:", spoken.getvalue().splitlines()[-1])
print("as told", np.allclose(losses, model.loss_curve_, atol=1e-7), np.allclose(scores, model.validation_scores_, atol=1e-6))
print("best validation score", round(model.best_validation_score_, 8), "in epoch", int(np.argmax(model.validation_scores_)) + 1)
print("best loss", model.best_loss_, "last loss", round(model.loss_, 8))
print("the weights of that epoch are kept:", round(model.score(X, y), 8))

patient = MLPClassifier((30,), n_iter_no_change=3, tol=5e-3, max_iter=400, random_state=2).fit(X, y)
print("by the training loss:", patient.n_iter_, round(patient.best_loss_, 8), patient.validation_scores_, patient.best_validation_score_)

patients, progress = load_diabetes(return_X_y=True)
patients, progress = scale(patients), scale(progress)
for fraction in (0.1, 0.3):
    regressor = MLPRegressor(
        hidden_layer_sizes=(20,),
        early_stopping=True,
        validation_fraction=fraction,
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=0.05,
        n_iter_no_change=4,
        max_iter=300,
        random_state=8,
    ).fit(patients, progress)
    print("progress of a disease", fraction, regressor.n_iter_, round(regressor.best_validation_score_, 8), regressor.best_loss_)
    print(np.round(regressor.validation_scores_[:5], 8))

adaptive = MLPRegressor(
    hidden_layer_sizes=(8,), solver="sgd", learning_rate="adaptive", n_iter_no_change=2, tol=1e-2, max_iter=60, verbose=1, random_state=0
)
adaptive.fit(patients[:100], progress[:100])
try:
    MLPClassifier(early_stopping=True).fit(X[:5], y[:5])
except ValueError as error:
    print("too few:", error)
