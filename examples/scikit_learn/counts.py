"""How many claims? Counts with exposures: the Poisson loss, and each policy weighted by its years."""

import numpy as np
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(12)
X = rng.normal(size=(600, 4))
years = rng.uniform(0.2, 3.0, 600)
rate = np.exp(0.3 * X[:, 0] - 0.5 * np.abs(X[:, 1]) + 0.2 * X[:, 2] * X[:, 3] - 0.5)
claims = rng.poisson(rate * years)
frequency = claims / years

X_train, X_test, y_train, y_test, w_train, w_test = train_test_split(X, frequency, years, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)

linear = PoissonRegressor(alpha=1e-3).fit(X_train, y_train, sample_weight=w_train)
mlp = MLPRegressor("poisson", (16,), learning_rate_init=0.01, max_iter=120, n_iter_no_change=20, alpha=1e-3, random_state=0)
mlp.fit(X_train, y_train, sample_weight=w_train)
squared = MLPRegressor(loss="squared_error", hidden_layer_sizes=(16,), learning_rate_init=0.01, max_iter=60, random_state=0)
squared.fit(X_train, y_train, w_train)

print("output", mlp.out_activation_, squared.out_activation_, "epochs", mlp.n_iter_, squared.n_iter_)
print("loss", round(mlp.loss_, 8), round(squared.loss_, 8), "best", round(mlp.best_loss_, 8))
print("linear deviance", round(mean_poisson_deviance(y_test, linear.predict(X_test), sample_weight=w_test), 6))
print("network deviance", round(mean_poisson_deviance(y_test, mlp.predict(X_test), sample_weight=w_test), 6))
print("all positive:", bool((mlp.predict(X_test) > 0).all()), "squared error:", bool((squared.predict(X_test) > 0).all()))
print("explained", round(d2_tweedie_score(y_test, mlp.predict(X_test), sample_weight=w_test, power=1), 6))
print("R2", round(mlp.score(X_test, y_test, sample_weight=w_test), 6))
for low, high in ((0.0, 0.5), (0.5, 1.0), (1.0, 9.0)):
    rows = (mlp.predict(X_test) >= low) & (mlp.predict(X_test) < high)
    print(f"told {low} to {high}: {rows.sum()} policies, mean {np.average(y_test[rows], weights=w_test[rows]):.6f}")
