"""pellucid train."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pellucid.cli.app import Data, Force, app, line
from pellucid.cli.inputs import labels_like, read
from pellucid.cli.saving import how_to_go_on, saving_of, standing
from pellucid.cli.scores import scores
from pellucid.errors import InputError, sentence

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

BY_PRESET = {"hidden", "activation", "loss", "solver", "learning_rate", "batch_size", "alpha", "dropout", "early_stopping"}
"""what a preset decides"""
LARGE = 2000
"""rows from which a part is held out to stop early, unless said otherwise"""


class Task(StrEnum):
    """What the target is."""

    classification = "classification"
    regression = "regression"


@app.command()
def train(
    context: typer.Context,
    data: Data,
    target: Annotated[str | None, typer.Option(help="The column to predict.", show_default="the last of a shipped data set")] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="Where the model goes.")] = "model.skops",
    test: Annotated[str | None, typer.Option(help="A table to score on.", show_default="a part of DATA")] = None,
    test_fraction: Annotated[float, typer.Option(help="The share of DATA to score on.")] = 0.2,
    task: Annotated[Task | None, typer.Option(help="What the target is.", show_default="recognised")] = None,
    hidden: Annotated[str, typer.Option(help="Units of the hidden layers, with commas.")] = "64,64",
    activation: Annotated[
        str, typer.Option(help="Of the hidden layers, one for all or one each, with commas; a name or a formula in x.")
    ] = "relu",
    loss: Annotated[str | None, typer.Option(help="A name, or a formula in y_hat and y.", show_default="by the task")] = None,
    solver: Annotated[str, typer.Option(help="adam, sgd or lbfgs.")] = "adam",
    epochs: Annotated[int, typer.Option(help="At most so many passes over the data.", min=1)] = 200,
    learning_rate: Annotated[float, typer.Option(help="The size of a step.")] = 0.001,
    batch_size: Annotated[int | None, typer.Option(help="Rows a step.", show_default="200 or all", min=1)] = None,
    alpha: Annotated[float, typer.Option(help="The strength of L2.")] = 1e-4,
    dropout: Annotated[float | None, typer.Option(help="The share of hidden units dropped.", show_default="0.2, with lbfgs 0")] = None,
    early_stopping: Annotated[bool | None, typer.Option(help="Hold out a tenth and stop by it.", show_default=f"from {LARGE} rows")] = None,
    preset: Annotated[bool, typer.Option("--preset", help="The settings of tabular_classifier, five members included.")] = False,
    members: Annotated[int | None, typer.Option(help="Networks to average.", show_default="1, of a preset 5", min=1, max=100)] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is random.", min=0, max=2**32 - 1)] = 0,
    checkpoint: Annotated[str | None, typer.Option(help="A file for the state of the training as it goes.", show_default="none")] = None,
    every: Annotated[str | None, typer.Option(help="Between two checkpoints: epochs, or a time.", show_default="30 seconds")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint, if it is there.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    force: Force = False,
) -> None:
    """Train a network on a table, score it on rows it has not seen, and save it with all that prepares its inputs."""
    from pellucid.equations.activations import activation as as_activation
    from pellucid.estimators.losses import named as as_loss
    from pellucid.files import check_writable
    from pellucid.pipelines import TableModel, build_pipeline
    from pellucid.tables import as_target, recognise_task, take_target

    say = Console(quiet=quiet)
    saving = saving_of(checkpoint, every, resume, solver)
    given = {name for name in (*BY_PRESET, "epochs") if getattr(context.get_parameter_source(name), "name", "") != "DEFAULT"}
    several = _members(members, preset, given, checkpoint)
    check_writable(output, force)
    if checkpoint is not None and os.path.realpath(checkpoint) == os.path.realpath(output):
        raise InputError(sentence("--checkpoint", "pellucid train", f"{checkpoint}, as --output", "another file", "name it e.g. run.ckpt"))
    if loss is not None:
        as_loss(loss)
    for spec in rules if isinstance(rules := _activations(activation), list) else [rules]:
        as_activation("sigmoid" if spec == "logistic" else spec)  # what is no activation is refused before anything is read
    frame, column = read(data, target)
    X, labels, left_out = take_target(frame, column, data)
    kind = task.value if task else recognise_task(labels)
    y = as_target(labels, kind, data)
    if kind == "classification" and len(y) > 1 and len(set(y)) < 2:
        got = f"one class ({y[0]!s:.40})"
        raise InputError(sentence(f"the column {column!r}", data, got, "at least two classes", "check how the rows were selected"))
    if test is None:
        X, X_test, y, y_test = _held_out(X, y, kind, test_fraction, seed)
    else:
        X_test, labels, _ = take_target(read(test, column)[0], column, test)
        y_test = labels_like(y, as_target(labels, kind, test), test)
    large = len(X) >= LARGE
    settings = {
        "hidden_layer_sizes": _numbers(hidden, "--hidden"),
        "activation": rules,
        "solver": solver,
        "max_iter": epochs,
        "learning_rate_init": learning_rate,
        "batch_size": "auto" if batch_size is None else batch_size,
        "alpha": alpha,
        "dropout": (0.0 if solver == "lbfgs" else 0.2) if dropout is None else dropout,
        "early_stopping": large if early_stopping is None else early_stopping,
        "random_state": seed,
        "progress": not quiet,
        **({} if loss is None else {"loss": loss}),
    }
    if preset:
        settings = {"random_state": seed, "progress": not quiet, **({"max_iter": epochs} if "epochs" in given else {})}
    pipeline = build_pipeline(X, kind, _estimator(kind, settings, several, preset))
    columns = pipeline.named_steps["columns"]
    columns.transform(X_test)  # what cannot be scored on is refused before the training, not after it
    named = {what: columns.names(what) for what in ("numeric", "category")} | {"date": columns.dates, "ignored": columns.names("ignored")}
    found = [f"{len(names)} {what}" for what, names in named.items() if names]
    how = "as told" if task else "recognised"
    line(say, "Task", f"{kind} of {column!r} ({how}), {_classes(y, kind)}")
    without = f"; {left_out:,} without a target left out" if left_out else ""
    line(say, "Rows", f"{len(X):,} to train on, {len(X_test):,} to score on{without}")
    line(say, "Columns", ", ".join(found))
    if checkpoint is not None:
        line(say, "State", standing(checkpoint, saving["every"], resume))
    _fit(pipeline, X, y, say, saving)
    model = TableModel(pipeline, column, kind)
    net, history = model.members[0].network_, model.members[0].history_
    what = f"the mean of {several} of {net.architecture}" if several > 1 else f"{net.architecture}"
    line(say, "Network", f"{what}, {several * net.n_parameters:,} parameters, loss {net.architecture.loss.spec}")
    stopping = f"best weights of epoch {history.best_epoch}" if history.best_epoch else f"ended by: {history.stopped_by}"
    course = f"{history.n_epochs} epochs"
    if history:  # it is empty where Ctrl-C came in the first epoch
        course += f" in {sum(history['seconds']):.1f} s, loss {history['loss'][-1]:.4g}"
    course += " (of the first)" if several > 1 else ""
    line(say, "Training", f"{course}; {stopping}")
    say.print(scores(model, X_test, y_test, baseline=y))
    model.save(output, force=force)
    line(say, "Model", f"{output} ({os.path.getsize(output):,} bytes)")


def _held_out(X: pd.DataFrame, y: np.ndarray, kind: str, fraction: float, seed: int) -> list[Any]:
    """X and y to train on, X and y to score on: [X, X_test, y, y_test], stratified by class where the classes allow it."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    n_test = round(fraction * len(X)) if 0 < fraction < 1 else 0
    if not 1 <= n_test < len(X):
        expected = "a share between 0 and 1 that leaves rows on both sides"
        raise InputError(sentence("--test-fraction", f"a table of {len(X)} rows", fraction, expected, "e.g. 0.2, or give --test"))
    stratify = None
    if kind == "classification":
        labels, counts = np.unique(y, return_counts=True)
        stratify = y if counts.min() >= 2 and len(labels) <= min(n_test, len(X) - n_test) else None
    return list(train_test_split(X, y, test_size=n_test, random_state=seed, stratify=stratify))


def _numbers(text: str, option: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        expected = "whole numbers with commas"
        raise InputError(sentence(option, "pellucid train", repr(text), expected, "e.g. --hidden 64,64")) from None


def _activations(text: str) -> str | list[str]:
    names, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:  # in brackets it belongs to a formula
            names.append("")
        else:
            names[-1] += character
    return [name.strip() for name in names] if len(names) > 1 else names[0].strip()


def _members(members: int | None, preset: bool, given: set[str], checkpoint: str | None) -> int:
    """How many networks are to be trained.

    Raises:
        InputError: something was asked for that a preset decides, or checkpoints of several trainings.

    """
    from pellucid.presets import MEMBERS

    if preset and (other := sorted(given & BY_PRESET)):
        option = f"--{other[0].replace('_', '-')}"
        expected, repair = "one of the two, since the preset decides it", f"leave out --preset or {option}"
        raise InputError(sentence(option, "pellucid train", "given beside --preset", expected, repair))
    several = (MEMBERS if preset else 1) if members is None else members
    if checkpoint is not None and several > 1:
        expected, repair = "a single network, whose state a checkpoint is", "leave it out, or train with --members 1"
        raise InputError(sentence("--checkpoint", "pellucid train", f"given for {several} networks", expected, repair))
    return several


def _estimator(kind: str, settings: dict[str, Any], several: int, preset: bool) -> Any:
    """One estimator, or the ensemble of several."""
    from pellucid.ensembles import ensemble_of
    from pellucid.estimators import MLPClassifier, MLPRegressor
    from pellucid.presets import usual

    make, seed = MLPClassifier if kind == "classification" else MLPRegressor, settings["random_state"]
    own = [{**settings, "random_state": (seed + k) % 2**32} for k in range(several)]
    parts = [make(**(usual(one["random_state"], one) if preset else one)) for one in own]
    return parts[0] if several == 1 else ensemble_of(parts, kind == "classification")


def _fit(pipeline: Any, X: pd.DataFrame, y: np.ndarray, say: Console, saving: dict[str, Any]) -> None:
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from pellucid.training import TrainingInterrupted

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        pipeline.fit(X, y, **{f"model__{name}": value for name, value in saving.items()})
    for warning in told:
        if issubclass(warning.category, ConvergenceWarning):
            line(say, "Note", "it was still getting better when the epochs ran out: try more --epochs", "yellow")
        elif issubclass(warning.category, TrainingInterrupted):
            line(say, "Note", str(warning.message), "yellow")
            if saving:
                line(say, "", how_to_go_on(), "yellow")


def _classes(y: np.ndarray, kind: str) -> str:
    import numpy as np

    if kind == "regression":
        return f"from {y.min():g} to {y.max():g}"
    labels = np.unique(y)
    shown = ", ".join(map(str, labels[:6])) + (" ..." if len(labels) > 6 else "")
    return f"{len(labels)} classes: {shown}"
