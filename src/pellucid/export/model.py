"""From any model to its plain description: a network, a fitted estimator, a pipeline that ends in one, a model of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.errors import InputError, sentence
from pellucid.export.columns import Columns, unscaling, unsupported
from pellucid.export.description import Description, Feature, Source, Task
from pellucid.export.steps import Steps

EXPECTED = "a Network, or a fitted MLPClassifier, MLPRegressor, pipeline of one, or table model"


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
    if hasattr(last, "estimators_") and all(hasattr(member, "network_") for member in last.estimators_):
        got = f"a {type(last).__name__}, an ensemble of {len(last.estimators_)} networks"
        repair = "export the members one by one: each of its estimators_ takes the prepared inputs"
        raise InputError(sentence("the model", where, got, "a model of one network", repair))
    if not hasattr(last, "network_"):
        fits = hasattr(last, "fit")
        raise _refused(last, where, " that is not fitted or has no network of ours" if fits else "", fits)
    network = last._current()
    task: Task = "numbers"
    classes: list[tuple[Any, ...]] = []
    if hasattr(last, "classes_"):
        several = isinstance(last.classes_, list)
        task = "columns" if several else "labels" if last._kind == "multilabel-indicator" else "classes"
        columns = last.classes_ if several else [last.classes_]
        classes = [tuple(item.item() if isinstance(item, np.generic) else item for item in column) for column in columns]
    targets = _targets(around, network.architecture.sizes[-1])
    return _network(network, model, targets, task, where, classes, steps)


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
    vector = np.array(network.vector, dtype=np.float64)
    if not np.isfinite(vector).all():
        got, repair = "infinite or NaN", "train again, with scaled inputs or a smaller learning rate"
        raise InputError(sentence("a parameter of the model", where, got, "finite numbers", repair))
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
