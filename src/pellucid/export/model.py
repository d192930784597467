"""From any model to its plain description: a network, a fitted estimator, a pipeline that ends in one, a model of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence
from pellucid.export.columns import Columns, unscaling, unsupported
from pellucid.export.description import Description, Feature, Member, Source, Task
from pellucid.export.steps import Steps

EXPECTED = "a Network, or a fitted MLPClassifier, MLPRegressor, ensemble or pipeline of them, or table model"


def describe(model: Any, where: str = "the export") -> Description:
    """What a model takes, does and gives.

    Raises:
        InputError: it is no model, is not fitted, has parameters that are not finite, or a step that no export knows.

    >>> import pellucid as pl
    >>> found = describe(pl.Network([2, 3, 1]))
    >>> found.task, [source.name for source in found.sources], found.prepared
    ('numbers', ['x1', 'x2'], False)

    """
    if hasattr(model, "pipeline") and hasattr(model, "target"):
        model = model.pipeline
    while hasattr(model, "best_estimator_"):  # a search
        model = model.best_estimator_
    steps = []
    last = model
    while hasattr(last, "steps") and hasattr(last, "named_steps"):
        steps += [step for _, step in last.steps[:-1]]
        last = last.steps[-1][1]
    around = None
    if hasattr(last, "regressor") and hasattr(last, "check_inverse"):
        around = last
        if not hasattr(around, "regressor_"):
            raise _refused(model, where, " that is not fitted")
        last = around.regressor_
        if hasattr(last, "steps"):
            steps += [step for _, step in last.steps[:-1]]
            last = last.steps[-1][1]
    steps = [inner for step in steps for inner in (step.pipeline_.named_steps.values() if hasattr(step, "pipeline_") else [step])]
    if hasattr(last, "architecture") and hasattr(last, "vector"):
        return _network(last, last, (), "numbers", where)
    members: list[tuple[Any, float]] = []
    ensemble = last if hasattr(last, "estimators_") else None
    if ensemble is not None:
        members = _members(ensemble, where)
        last = members[0][0]
    if not hasattr(last, "network_"):
        fits = hasattr(last, "fit")
        raise _refused(last, where, " that is not fitted or has no network of ours" if fits else "", fits)
    network = last._current()
    task: Task = "numbers"
    classes: list[tuple[Any, ...]] = []
    if hasattr(last, "classes_"):
        several = isinstance(last.classes_, list)
        task = "columns" if several else "labels" if last._kind == "multilabel-indicator" else "classes"
        named = last.classes_ if ensemble is None else ensemble.classes_
        columns = named if several else [named]
        classes = [tuple(item.item() if isinstance(item, np.generic) else item for item in column) for column in columns]
    targets = _targets(around, network.architecture.sizes[-1])
    found = _network(network, model, targets, task, where, classes, steps)
    if ensemble is None:
        return found
    networks = [(member._current(), share) for member, share in members]
    parts = tuple(Member(one.architecture, _vector(one, where), share) for one, share in networks)
    return replace(found, ensemble=parts)


def _members(ensemble: Any, where: str) -> list[tuple[Any, float]]:
    """The estimators of an ensemble whose outputs are averaged, and the share of each.

    Raises:
        InputError: its members are no networks of ours, or are not averaged.

    """
    members, kind = list(ensemble.estimators_), type(ensemble).__name__
    expected, repair = "one network, or a VotingClassifier or VotingRegressor of them", "export its members one by one"
    if not (hasattr(ensemble, "named_estimators_") and hasattr(ensemble, "weights") and not hasattr(ensemble, "final_estimator")):
        raise InputError(sentence("the model", where, f"a {kind}, an ensemble of {len(members)} estimators", expected, repair))
    others = [type(member).__name__ for member in members if not hasattr(member, "network_")]
    if others:
        raise InputError(sentence("a member of the ensemble", where, f"a {others[0]}", "an MLPClassifier or MLPRegressor of ours", repair))
    if getattr(ensemble, "voting", "soft") != "soft":
        repair = "train it with voting='soft'"
        raise InputError(sentence("the ensemble", where, f"a {kind} that counts votes", "one that averages probabilities", repair))
    given = [weight for (_, one), weight in zip(ensemble.estimators, ensemble.weights or [1.0] * len(ensemble.estimators), strict=True)
             if not isinstance(one, str)]  # fmt: skip
    return [(member, float(weight) / float(sum(given))) for member, weight in zip(members, given, strict=True)]


def _vector(network: Any, where: str) -> Array:
    """The parameters, in float64."""
    vector = np.array(network.vector, dtype=np.float64)
    if not np.isfinite(vector).all():
        got, repair = "infinite or NaN", "train again, with scaled inputs or a smaller learning rate"
        raise InputError(sentence("a parameter of the model", where, got, "finite numbers", repair))
    return vector


def _network(
    network: Any,
    model: Any,
    targets: tuple[Steps, ...],
    task: Task,
    where: str,
    classes: Sequence[tuple[Any, ...]] = (),
    steps: list[Any] | None = None,
) -> Description:
    """The network with all that stands around it."""
    vector = _vector(network, where)
    names = _names(model, steps or [], network.architecture.sizes[0])
    columns = Columns([_source(name, steps) for name in names])
    features = columns.features
    for step in steps or []:
        features = columns.through(step, features)
    if len(features) != network.architecture.sizes[0]:
        got, expected = f"of {len(features)} features", f"of {network.architecture.sizes[0]}, as the network takes them"
        raise InputError(sentence("the preparation", where, got, expected, "report this with the steps of the pipeline"))
    unready = next((one for one in features if one.kind == "value" and columns.sources[one.source].kind == "text"), None)
    if unready is not None:
        got, repair = f"the text {unready.name!r}", "encode it in the pipeline"
        raise InputError(sentence("an input of the network", where, got, "a number", repair))
    framed = bool(steps) and (_is_table(steps) or hasattr(model, "feature_names_in_"))
    seed = int(getattr(network, "seed", 0))
    return Description(
        architecture=network.architecture,
        vector=vector,
        dtype=np.asarray(network.vector).dtype.name,
        seed=seed,
        sources=tuple(columns.sources),
        features=tuple(features),
        task=task,
        classes=tuple(one for column in classes for one in column),
        columns=tuple(map(len, classes)) if task == "columns" else (),
        targets=targets,
        framed=framed or hasattr(model, "feature_names_in_"),
    )


def _names(model: Any, steps: list[Any], n_inputs: int) -> list[str]:
    """The names of what goes in: those of the training, or x1, x2 ..."""
    if _is_table(steps):
        return [name for name, kind in steps[0].kinds.items() if kind != "ignored"]
    given = getattr(model, "feature_names_in_", None)
    if given is None and hasattr(model, "steps"):
        given = getattr(model.steps[0][1], "feature_names_in_", None)
    if given is not None:
        return [str(name) for name in given]
    count = next((int(one.n_features_in_) for one in [*steps, model] if hasattr(one, "n_features_in_")), n_inputs)
    return [f"x{at}" for at in range(1, count + 1)]


def _is_table(steps: list[Any] | None) -> bool:
    return bool(steps) and type(steps[0]).__name__ == "TableColumns" and hasattr(steps[0], "kinds")  # type: ignore[index]


def _source(name: str, steps: list[Any] | None) -> Source:
    kind = steps[0].kinds[name] if _is_table(steps) else ""  # type: ignore[index]
    return Source(name, "date", day_first="day first" in kind) if kind.startswith("date") else Source(name)


def _targets(around: Any, n_outputs: int) -> tuple[Steps, ...]:
    """What the transformer of the targets does to each of them."""
    if around is None:
        return ()
    found = unscaling(around.transformer_, n_outputs)
    if found is None:
        raise unsupported(around.transformer_, "on the target, where it cannot be undone")
    return tuple(found) if any(found) else ()


def feature_of(description: Description, source: int) -> Feature | None:
    """The feature that is the value of a source, if there is one."""
    return next((one for one in description.features if one.source == source and one.kind in ("value", "part")), None)


def _refused(model: Any, where: str, how: str, fits: bool = True) -> InputError:
    repair = "call fit first" if fits else "hand over a network, or an estimator after fit"
    return InputError(sentence("the model", where, f"a {type(model).__name__}{how}", EXPECTED, repair))
