"""Networks within larger models: calibrated, stacked, voting, bagged, boosted, one against the rest, with thresholds."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import AdaBoostClassifier, BaggingRegressor, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1, stratify=y)
network = make_pipeline(StandardScaler(), MLPClassifier((8,), learning_rate_init=0.01, max_iter=20, tol=1e-3, random_state=0))

for method in ("sigmoid", "isotonic"):
    calibrated = CalibratedClassifierCV(network, method=method, cv=3).fit(X_train, y_train)
    probability = calibrated.predict_proba(X_test)[:, 1]
    print(method, round(brier_score_loss(y_test, probability), 6), round(roc_auc_score(y_test, probability), 6))
print("curve", calibration_curve(y_test, probability, n_bins=3)[0].round(6))

members = [("network", network), ("forest", RandomForestClassifier(10, random_state=0))]
stack = StackingClassifier(members, final_estimator=LogisticRegression(), cv=3).fit(X_train, y_train)
print("stacked", round(stack.score(X_test, y_test), 6), stack.final_estimator_.coef_.round(5))
vote = VotingClassifier(members, voting="soft", weights=[2, 1]).fit(X_train, y_train)
print("voting", round(vote.score(X_test, y_test), 6), vote.predict_proba(X_test[:2]).round(6))
threshold = TunedThresholdClassifierCV(network, cv=3, scoring="balanced_accuracy").fit(X_train, y_train)
print("threshold", round(float(threshold.best_threshold_), 4), round(threshold.score(X_test, y_test), 6))
boosted = AdaBoostClassifier(MLPClassifier((4,), max_iter=20, learning_rate_init=0.05, random_state=0), n_estimators=2, random_state=0)
boosted.fit(scale(X_train), y_train)
print("boosted", boosted.estimator_weights_.round(5))

wine, kinds = load_wine(return_X_y=True)
wine = scale(wine)
rest = OneVsRestClassifier(MLPClassifier((5,), max_iter=30, learning_rate_init=0.02, random_state=0)).fit(wine, kinds)
print("one against the rest", round(rest.score(wine, kinds), 6), rest.predict_proba(wine[:1]).round(6))
short = MLPClassifier((5,), max_iter=8, learning_rate_init=0.05, random_state=0)
print("two columns do:", SequentialFeatureSelector(short, n_features_to_select=2, cv=2).fit(wine[:, :5], kinds).get_support())

patients, progress = map(scale, load_diabetes(return_X_y=True))
bag = BaggingRegressor(MLPRegressor(hidden_layer_sizes=(6,), max_iter=30, learning_rate_init=0.02), n_estimators=3, random_state=0).fit(
    patients, progress
)
print("bagged", round(bag.score(patients, progress), 6), np.std([m.predict(patients[:3]) for m in bag.estimators_], axis=0).round(6))
