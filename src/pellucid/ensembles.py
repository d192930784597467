"""Ensembles of our estimators whose outputs are averaged (scikit-learn's voting), taken apart for a file and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Bunch

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.estimators.files import check_classes

MOST = 100
"""members in a file"""
Estimator = MLPClassifier | MLPRegressor


def ensemble_of(members: Sequence[Estimator], classifies: bool) -> VotingClassifier | VotingRegressor:
    """An unfitted ensemble whose probabilities or numbers are averaged.

    >>> ensemble_of([MLPRegressor(random_state=k) for k in range(3)], classifies=False).estimators[2][0]
    'network 3'
    """
    named = [(f"network {k}", member) for k, member in enumerate(members, start=1)]
    return VotingClassifier(named, voting="soft") if classifies else VotingRegressor(named)


def members_of(model: Any) -> list[Estimator]:
    """The fitted estimators in an ensemble, or the one that it is."""
    return list(model.estimators_) if hasattr(model, "estimators_") else [model]


def check(model: Any) -> None:
    """Whether an ensemble can be written into a file.

    Raises:
        InputError: it counts votes, weighs its members, or has others than our networks.

    """
    expected, repair = "one of our networks whose outputs are averaged", "build it as tabular_classifier or tabular_regressor does"
    if type(model) not in (VotingClassifier, VotingRegressor):
        got = f"a {type(model).__name__}"
    elif (
        getattr(model, "voting", "soft") != "soft" or model.weights is not None or any(isinstance(one, str) for _, one in model.estimators)
    ):
        got = f"a {type(model).__name__} that counts votes, weighs its members or drops some"
    elif others := [type(one).__name__ for one in model.estimators_ if not isinstance(one, MLPClassifier | MLPRegressor)]:
        got = f"of a {others[0]}"
    elif len(model.estimators_) > MOST:
        got, expected, repair = f"of {len(model.estimators_)} members", f"one of at most {MOST}", "train fewer"
    else:
        return
    raise InputError(sentence("an ensemble", "the model file", got, expected, repair))


def classes_in_a_file(model: VotingClassifier) -> Array:
    """The classes as an array of numbers or texts."""
    classes = np.asarray(model.classes_)
    return classes.astype(str) if classes.dtype.kind == "O" else classes


def restored(members: Sequence[Estimator], classes: Any) -> VotingClassifier | VotingRegressor:
    """The fitted ensemble of these members; ``classes`` are None for regressors.

    Raises:
        ValueError: they do not go together.

    """
    ends = {(member.network_.architecture.sizes[0], member.network_.architecture.sizes[-1]) for member in members}
    if not 1 <= len(members) <= MOST or len(ends) != 1:
        raise ValueError("the members of the ensemble do not go together")
    found = ensemble_of([clone(member) for member in members], classes is not None)
    found.estimators_ = list(members)
    found.named_estimators_ = Bunch(**{name: member for (name, _), member in zip(found.estimators, members, strict=True)})
    if classes is not None:
        check_classes(classes, "multiclass" if len(classes) > 2 else "binary", ends.pop()[1])
        if not all(np.array_equal(member.classes_, np.arange(len(classes))) for member in members):
            raise ValueError("the members of the ensemble have other classes")
        found.classes_, found.le_ = classes, LabelEncoder()
        found.le_.classes_ = classes
    return found


def indices(classes: Array, y: Array) -> Array:
    """The place of each label among the classes, which is what the members of an ensemble take for the label.

    Raises:
        InputError: a label that was not there in training.

    """
    labels = np.asarray(y)
    if (unseen := ~np.isin(labels, classes)).any():
        known = ", ".join(map(str, classes[:10])) + (" ..." if len(classes) > 10 else "")
        got, repair = repr(labels[unseen][0].item()), "correct the label, or train again with it"
        raise InputError(sentence("a label in y", "the ensemble", got, f"one seen in training ({known})", repair))
    return np.searchsorted(classes, labels)
