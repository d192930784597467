"""Would more data help, or less freedom? Learning curves, validation curves, a search that halves, and decision boundaries."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine, make_circles
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay
from sklearn.model_selection import HalvingGridSearchCV, LearningCurveDisplay, learning_curve, validation_curve
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_wine(return_X_y=True)
model = make_pipeline(StandardScaler(), MLPClassifier((10,), solver="adam", max_iter=60, tol=1e-3, learning_rate_init=0.01, random_state=0))

sizes, train, test = learning_curve(model, X, y, train_sizes=[0.2, 0.6, 1.0], cv=3, shuffle=True, random_state=0)
print("samples", sizes)
print("train", train.mean(axis=1).round(6), "test", test.mean(axis=1).round(6))
alphas = np.logspace(-3, 2, 4)
train, test = validation_curve(model, X, y, param_name="mlpclassifier__alpha", param_range=alphas, cv=3)
print("alpha", alphas.round(4), "train", train.mean(axis=1).round(6), "test", test.mean(axis=1).round(6))
search = HalvingGridSearchCV(
    model, {"mlpclassifier__alpha": [0.01, 0.1, 1, 10]}, cv=2, random_state=0, resource="mlpclassifier__max_iter", max_resources=40
).fit(X, y)
print("halving", search.best_params_, search.n_resources_, round(search.best_score_, 6))

fig, axes = plt.subplots(2, 2, figsize=(9, 8))
LearningCurveDisplay(train_sizes=sizes, train_scores=train[:3], test_scores=test[:3]).plot(ax=axes[0, 0])
points, ring = make_circles(noise=0.15, factor=0.4, random_state=1, n_samples=120)
circles = MLPClassifier((12,), activation="tanh", alpha=0.01, max_iter=300, learning_rate_init=0.03, tol=1e-3, random_state=1)
circles.fit(points, ring)
DecisionBoundaryDisplay.from_estimator(circles, points, ax=axes[0, 1], response_method="predict_proba", grid_resolution=20)
ConfusionMatrixDisplay.from_estimator(model.fit(X, y), X, y, ax=axes[1, 0])
curve = RocCurveDisplay.from_estimator(circles, points, ring, ax=axes[1, 1])
print("circles", round(circles.score(points, ring), 6), "area", round(curve.roc_auc, 6))
fig.savefig("displays.png")
plt.close(fig)
