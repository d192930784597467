"""Keeping a model: pickle and joblib, clones, deep copies, parameters read and set, what it says of itself."""

import copy
import pickle
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import check_is_fitted

X, y = load_iris(return_X_y=True)
model = MLPClassifier(hidden_layer_sizes=(6, 4), activation="identity", max_iter=50, learning_rate_init=0.02, random_state=np.int64(3))
try:
    model.predict(X)
except NotFittedError as error:
    print(error)
print(repr(model))
print(
    {name: model.get_params()[name] for name in ("activation", "alpha", "batch_size", "beta_1", "epsilon", "max_fun", "power_t", "shuffle")}
)

model.fit(X, y)
check_is_fitted(model)
whole = pickle.loads(pickle.dumps(model))
joblib.dump(model, "model.joblib", compress=3)
kept = joblib.load("model.joblib")
print("pickled", np.array_equal(whole.predict_proba(X), model.predict_proba(X)), "small", Path("model.joblib").stat().st_size < 20000)
print("kept", np.array_equal(kept.predict_proba(X), model.predict_proba(X)), round(kept.loss_, 8), kept.n_iter_, kept.t_)
print("goes on", round(kept.partial_fit(X, y).loss_, 8), round(model.partial_fit(X, y).loss_, 8))
model.fit(X, y)

fresh = clone(model)
print("a clone is not fitted:", not hasattr(fresh, "coefs_"), fresh.get_params() == model.get_params())
twin = copy.deepcopy(model)
twin.coefs_[0][:] = 0
print("a deep copy is on its own:", round(model.score(X, y), 6), round(twin.score(X, y), 6))

fresh.set_params(hidden_layer_sizes=(3,), solver="sgd", shuffle=False, momentum=0.5, batch_size=50)
print("other settings", round(fresh.fit(X, y).loss_, 8), fresh)
try:
    fresh.set_params(hidden_layers=3)
except ValueError as error:
    print(str(error).split(".")[0][:60])
for bad in ({"alpha": -1}, {"max_iter": 0}, {"momentum": 2}, {"validation_fraction": 1.5}, {"shuffle": "yes"}):
    try:
        clone(model).set_params(**bad).fit(X, y)
    except ValueError as error:
        print(error)
print(is_classifier(model), is_regressor(MLPRegressor()), isinstance(model, MLPClassifier), hasattr(MLPRegressor(), "predict_proba"))
