"""Which network reads digits best? A grid over a pipeline, searched by processes, by threads, and by chance."""

import joblib
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, StratifiedKFold, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X[:500], y[:500], test_size=0.3, random_state=3, stratify=y[:500])

    mlp = MLPClassifier(max_iter=40, tol=1e-2, random_state=1, learning_rate_init=0.01, batch_size=64)
    pipe = Pipeline([("scale", StandardScaler()), ("mlp", mlp)])
    grid = {"mlp__hidden_layer_sizes": [(16,), (16, 8)], "mlp__alpha": [1e-4, 1.0]}
    folds = StratifiedKFold(3, shuffle=True, random_state=0)

    search = GridSearchCV(pipe, grid, cv=folds, n_jobs=2, return_train_score=True)
    search.fit(X_train, y_train)
    for params, train, test in zip(
        search.cv_results_["params"], search.cv_results_["mean_train_score"], search.cv_results_["mean_test_score"], strict=True
    ):
        print(params, f"train {train:.4f} test {test:.4f}")
    print("processes:", search.best_params_, f"{search.best_score_:.4f}", f"{search.score(X_test, y_test):.4f}")
    print("the best one stopped after", search.best_estimator_["mlp"].n_iter_, "epochs")

    with joblib.parallel_backend("threading", n_jobs=2):
        threads = GridSearchCV(pipe, grid, cv=folds).fit(X_train, y_train)
        scores = cross_val_score(threads.best_estimator_, X_train, y_train, cv=folds, scoring="neg_log_loss")
    print("threads:", threads.best_params_, f"{threads.best_score_:.4f}", scores.round(6))

    chance = RandomizedSearchCV(pipe, {"mlp__alpha": loguniform(1e-4, 10)}, n_iter=3, cv=folds, random_state=5, scoring="roc_auc_ovr")
    chance.fit(X_train, y_train)
    print("by chance:", f"alpha {chance.best_params_['mlp__alpha']:.6f}", f"area under the curve {chance.best_score_:.6f}")
