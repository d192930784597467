"""Where does the arm point? Several numbers at once, targets that are scaled, chains, and predictions for held-out rows."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import KFold, cross_val_predict, cross_validate
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

rng = np.random.default_rng(3)
angles = rng.uniform(-1.5, 1.5, (300, 2))
tips = np.c_[np.cos(angles[:, 0]) + np.cos(angles.sum(axis=1)), np.sin(angles[:, 0]) + np.sin(angles.sum(axis=1))]
tips += rng.normal(0, 0.02, tips.shape)

arm = MLPRegressor(
    hidden_layer_sizes=(20, 20), activation="tanh", solver="adam", learning_rate_init=0.01, max_iter=150, tol=1e-5, random_state=9
)
arm.fit(angles, tips)
print("outputs", arm.n_outputs_, arm.out_activation_, "layers", arm.n_layers_, "loss", round(arm.loss_, 8))
print("R2 of each", r2_score(tips, arm.predict(angles), multioutput="raw_values").round(6), arm.predict(angles).shape)

exact = MLPRegressor(hidden_layer_sizes=(8,), activation="tanh", solver="lbfgs", max_iter=10, max_fun=15, alpha=0.1, random_state=0).fit(
    angles, tips
)
print("lbfgs", exact.n_iter_, round(exact.score(angles, tips), 5))

folds = KFold(4, shuffle=True, random_state=1)
pipe = make_pipeline(
    PolynomialFeatures(2, include_bias=False), StandardScaler(), MLPRegressor(hidden_layer_sizes=(10,), max_iter=80, random_state=0)
)
scaled = TransformedTargetRegressor(pipe, transformer=StandardScaler())
found = cross_val_predict(scaled, angles, tips, cv=folds)
print("held out", round(mean_absolute_error(tips, found), 8))
scores = cross_validate(scaled, angles, tips[:, 0], cv=folds, scoring=("r2", "neg_mean_absolute_error"), return_estimator=True)
print("r2", scores["test_r2"].round(6), "error", scores["test_neg_mean_absolute_error"].round(6))
print("epochs", [fold.regressor_[-1].n_iter_ for fold in scores["estimator"]])

small = MLPRegressor(hidden_layer_sizes=(6,), max_iter=40, learning_rate_init=0.02, random_state=2)
print("each alone", round(MultiOutputRegressor(small).fit(angles, tips).score(angles, tips), 6))
print("in a chain", round(RegressorChain(small, order=[1, 0]).fit(angles, tips).score(angles, tips), 6))
single = small.fit(angles.astype(np.float32), tips[:, :1].ravel().astype(np.float32))
print("single precision", single.coefs_[0].dtype, single.predict(angles.astype(np.float32)).dtype, round(float(single.loss_), 3))
