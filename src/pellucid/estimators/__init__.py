"""The scikit-learn face: its constructors, methods and fitted attributes over a `Network`, and by default its very numbers."""

from pellucid.estimators.classifier import MLPClassifier
from pellucid.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
