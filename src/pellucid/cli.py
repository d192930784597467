"""The command line: pellucid train, predict, evaluate, check."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from pellucid.errors import InputError, PellucidError, sentence

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from pellucid.glassbox.check import GradientReport
    from pellucid.pipelines import TableModel

LARGE = 2000
"""rows from which a part is held out to stop early, unless said otherwise"""

app = typer.Typer(
    help="Neural networks you can see through: train, use and check them on tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
console = Console()


class Task(StrEnum):
    """What the target is."""

    classification = "classification"
    regression = "regression"


Data = Annotated[str, typer.Argument(help="A CSV or Parquet file, or iris, digits, wine, breast_cancer, diabetes.", show_default=False)]
Model = Annotated[str, typer.Argument(help="A model file that train wrote.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Replace the output file if it is there.")]


@app.command()
def train(
    data: Data,
    target: Annotated[str | None, typer.Option(help="The column to predict.", show_default="the last of a shipped data set")] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="Where the model goes.")] = "model.skops",
    test: Annotated[str | None, typer.Option(help="A table to score on.", show_default="a part of DATA")] = None,
    test_fraction: Annotated[float, typer.Option(help="The share of DATA to score on.")] = 0.2,
    task: Annotated[Task | None, typer.Option(help="What the target is.", show_default="recognised")] = None,
    hidden: Annotated[str, typer.Option(help="Units of the hidden layers, with commas.")] = "64,64",
    activation: Annotated[str, typer.Option(help="Of the hidden layers, one for all or one each, with commas.")] = "relu",
    solver: Annotated[str, typer.Option(help="adam, sgd or lbfgs.")] = "adam",
    epochs: Annotated[int, typer.Option(help="At most so many passes over the data.", min=1)] = 200,
    learning_rate: Annotated[float, typer.Option(help="The size of a step.")] = 0.001,
    batch_size: Annotated[int | None, typer.Option(help="Rows a step.", show_default="200 or all", min=1)] = None,
    alpha: Annotated[float, typer.Option(help="The strength of L2.")] = 1e-4,
    dropout: Annotated[float | None, typer.Option(help="The share of hidden units dropped.", show_default="0.2, with lbfgs 0")] = None,
    early_stopping: Annotated[bool | None, typer.Option(help="Hold out a tenth and stop by it.", show_default=f"from {LARGE} rows")] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is random.", min=0, max=2**32 - 1)] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    force: Force = False,
) -> None:
    """Train a network on a table, score it on rows it has not seen, and save it with all that prepares its inputs."""
    from pellucid.files import check_writable
    from pellucid.pipelines import TableModel, build_pipeline
    from pellucid.tables import as_target, recognise_task, take_target

    say = Console(quiet=quiet)
    check_writable(output, force)
    frame, column = _read(data, target)
    X, labels, left_out = take_target(frame, column, data)
    kind = task.value if task else recognise_task(labels)
    y = as_target(labels, kind, data)
    if test is None:
        X, X_test, y, y_test = _held_out(X, y, kind, test_fraction, seed)
    else:
        X_test, labels, _ = take_target(_read(test, column)[0], column, test)
        y_test = _labels_like(y, as_target(labels, kind, test), test)
    large = len(X) >= LARGE
    settings = {
        "hidden_layer_sizes": _numbers(hidden, "--hidden"),
        "activation": _activations(activation),
        "solver": solver,
        "max_iter": epochs,
        "learning_rate_init": learning_rate,
        "batch_size": "auto" if batch_size is None else batch_size,
        "alpha": alpha,
        "dropout": (0.0 if solver == "lbfgs" else 0.2) if dropout is None else dropout,
        "early_stopping": large if early_stopping is None else early_stopping,
        "random_state": seed,
        "progress": not quiet,
    }
    pipeline = build_pipeline(X, kind, _estimator(kind, settings))
    columns = pipeline.named_steps["columns"]
    columns.transform(X_test)  # what cannot be scored on is refused before the training, not after it
    named = {what: columns.names(what) for what in ("numeric", "category")} | {"date": columns.dates, "ignored": columns.names("ignored")}
    found = [f"{len(names)} {what}" for what, names in named.items() if names]
    how = "as told" if task else "recognised"
    _line(say, "Task", f"{kind} of {column!r} ({how}), {_classes(y, kind)}")
    without = f"; {left_out:,} without a target left out" if left_out else ""
    _line(say, "Rows", f"{len(X):,} to train on, {len(X_test):,} to score on{without}")
    _line(say, "Columns", ", ".join(found))
    _fit(pipeline, X, y, say)
    model = TableModel(pipeline, column, kind)
    net, history = model.network, model.estimator.history_
    _line(say, "Network", f"{net.architecture}, {net.n_parameters:,} parameters, loss {net.architecture.loss.spec}")
    stopping = f"best weights of epoch {history.best_epoch}" if history.best_epoch else f"ended by: {history.stopped_by}"
    course = f"{history.n_epochs} epochs"
    if history:  # it is empty where Ctrl-C came in the first epoch
        course += f" in {sum(history['seconds']):.1f} s, loss {history['loss'][-1]:.4g}"
    _line(say, "Training", f"{course}; {stopping}")
    say.print(_scores(model, X_test, y_test, baseline=y))
    model.save(output, force=force)
    _line(say, "Model", f"{output} ({os.path.getsize(output):,} bytes)")


@app.command()
def predict(
    model: Model,
    data: Data,
    output: Annotated[str, typer.Option("--output", "-o", help="A CSV file for the predictions.", show_default=False)],
    probabilities: Annotated[bool, typer.Option(help="A column for the probability of each class, too.")] = False,
    force: Force = False,
) -> None:
    """Predict the target of every row of a table."""
    import pandas as pd

    from pellucid.files import check_writable, write_atomically
    from pellucid.tables import read_table

    check_writable(output, force)
    loaded = _load(model)
    frame = read_table(data).frame
    columns: dict[str, Any] = {loaded.target: loaded.pipeline.predict(frame)}
    if probabilities:
        if loaded.task != "classification":
            raise InputError(sentence("--probabilities", "predict", "asked of a regression", "classes", "leave it out"))
        shares = loaded.pipeline.predict_proba(frame)
        columns |= {f"{loaded.target}={label}": shares[:, k] for k, label in enumerate(loaded.estimator.classes_)}
    write_atomically(output, pd.DataFrame(columns).to_csv(index=False).encode(), force=force)
    console.print(f"{len(frame):,} predictions of {loaded.target!r} are in {output}", markup=False, soft_wrap=True)


@app.command()
def evaluate(model: Model, data: Data) -> None:
    """Score a model on a table that has the target."""
    loaded = _load(model)
    X, y = _with_target(loaded, data)
    console.print(_scores(loaded, X, y, baseline=y))


@app.command()
def check(
    model: Model,
    data: Data,
    rows: Annotated[int, typer.Option(help="How many rows of DATA the check uses.", min=1)] = 32,
    entries: Annotated[int, typer.Option(help="How many parameters are checked one by one, at most.", min=1)] = 2000,
) -> None:
    """Prove the gradients of a model on some rows of a table: backward propagation against differences of the cost."""
    if _gradient_report(model, data, rows, entries).passed:
        return
    raise typer.Exit(1)


def _gradient_report(path: str, data: str, rows: int, entries: int) -> GradientReport:
    from pellucid.glassbox.check import check_gradients

    model = _load(path)
    X, y = _with_target(model, data)
    report = check_gradients(model.network, model.prepare(X.head(rows)), model.encode(y[:rows]), max_entries=entries)
    console.print(report)
    decided = sum(row.decided for row in report.rows)
    checked = sum(row.checked for row in report.rows)
    verdict = "[bold red]WRONG[/]" if not report.passed else "[bold green]proved[/]" if decided else "[bold yellow]undecided[/]"
    left = f"; {checked - decided:,} of {checked:,} checks left open" if decided < checked else ""
    console.print(f"{verdict}: largest relative error {report.max_relative_error:.1e}{left}")
    return report


def _line(say: Console, heading: str, text: str, style: str = "bold") -> None:
    """Text from a table or a path is no markup: brackets stay brackets."""
    say.print(Text.assemble((f"{heading:<10}", style), say.highlighter(text)), soft_wrap=True)


def _read(data: str, target: str | None) -> tuple[pd.DataFrame, str]:
    from pellucid.tables import read_table

    table = read_table(data)
    column = table.target if target is None else target
    if column is None:
        named = ", ".join(map(str, table.frame.columns[:12])) + (" ..." if table.frame.shape[1] > 12 else "")
        repair = f"the columns are {named}"
        raise InputError(sentence("--target", "pellucid train", "not given", "the name of the column to predict", repair))
    return table.frame, column


def _load(path: str) -> TableModel:
    from pellucid.pipelines import TableModel

    return TableModel.load(path)


def _with_target(model: TableModel, data: str) -> tuple[pd.DataFrame, np.ndarray]:
    from pellucid.tables import as_target, read_table, take_target

    X, labels, _ = take_target(read_table(data).frame, model.target, data)
    y = as_target(labels, model.task, data)
    if model.task == "classification":
        classes = model.estimator.classes_
        y = _labels_like(classes, y, data)
        model.estimator.encode_targets(y)
    return X, y


def _labels_like(trained: np.ndarray, y: np.ndarray, source: str) -> np.ndarray:
    """y as texts where training had texts; texts where it had numbers are refused."""
    if trained.dtype.kind != "U" and y.dtype.kind == "U":
        import pandas as pd

        unlike = y[pd.to_numeric(pd.Series(y), errors="coerce").isna()]
        got, repair = repr(str((unlike if len(unlike) else y)[0])), "correct the labels, or train again with them"
        raise InputError(sentence("a label", source, got, "numbers, as in training", repair))
    return y.astype(str) if trained.dtype.kind == "U" else y


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
    names = [part.strip() for part in text.split(",")]
    return names if len(names) > 1 else names[0]


def _estimator(kind: str, settings: dict[str, Any]) -> Any:
    from pellucid.estimators import MLPClassifier, MLPRegressor

    return (MLPClassifier if kind == "classification" else MLPRegressor)(**settings)


def _fit(pipeline: Any, X: pd.DataFrame, y: np.ndarray, say: Console) -> None:
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from pellucid.training import TrainingInterrupted

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        pipeline.fit(X, y)
    for warning in told:
        if issubclass(warning.category, ConvergenceWarning):
            _line(say, "Note", "it was still getting better when the epochs ran out: try more --epochs", "yellow")
        elif issubclass(warning.category, TrainingInterrupted):
            _line(say, "Note", str(warning.message), "yellow")


def _classes(y: np.ndarray, kind: str) -> str:
    import numpy as np

    if kind == "regression":
        return f"from {y.min():g} to {y.max():g}"
    labels = np.unique(y)
    shown = ", ".join(map(str, labels[:6])) + (" ..." if len(labels) > 6 else "")
    return f"{len(labels)} classes: {shown}"


def _scores(model: TableModel, X: pd.DataFrame, y: np.ndarray, baseline: np.ndarray) -> RichTable:
    """The scores on X, y beside those of a guess that knows no more than ``baseline``."""
    import numpy as np
    from sklearn import metrics
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if model.task == "classification":
        guess = DummyClassifier(strategy="prior").fit(np.zeros((len(baseline), 1)), baseline)
        name, rows = "always the most frequent class", []
        y_hat, y_guess = model.pipeline.predict(X), guess.predict(np.zeros((len(y), 1)))
        rows.append(("accuracy", metrics.accuracy_score(y, y_hat), metrics.accuracy_score(y, y_guess)))
        recalls = [np.mean([np.mean(p[y == k] == k) for k in np.unique(y)]) for p in (y_hat, y_guess)]
        rows.append(("balanced accuracy", *recalls))
        classes = model.estimator.classes_
        if set(np.unique(y)) <= set(classes) and np.array_equal(guess.classes_, classes):
            losses = [
                metrics.log_loss(y, np.clip(p, 1e-15, 1), labels=classes)
                for p in (model.pipeline.predict_proba(X), guess.predict_proba(np.zeros((len(y), 1))))
            ]
            rows.append(("log loss", *losses))
    else:
        mean = DummyRegressor().fit(np.zeros((len(baseline), 1)), baseline).predict(np.zeros((len(y), 1)))
        name, y_hat = "always the mean", model.pipeline.predict(X)
        rows = [
            ("R2", metrics.r2_score(y, y_hat) if len(y) > 1 else float("nan"), metrics.r2_score(y, mean) if len(y) > 1 else float("nan")),
            ("root of the mean squared error", metrics.root_mean_squared_error(y, y_hat), metrics.root_mean_squared_error(y, mean)),
            ("mean absolute error", metrics.mean_absolute_error(y, y_hat), metrics.mean_absolute_error(y, mean)),
        ]
    table = RichTable(title=f"Scores on {len(y):,} rows")
    for heading in ("", "this model", name):
        table.add_column(heading, justify="left" if not heading else "right")
    for label, ours, theirs in rows:
        table.add_row(label, f"{ours:.4f}", f"{theirs:.4f}")
    return table


def main() -> None:
    """Run the command line; bad input ends in one sentence and exit code 2, anything else unforeseen in exit code 1."""
    import warnings

    warnings.filterwarnings("ignore", message="Found unknown categories")  # they are expected, and encoded as such
    try:
        app()
    except KeyboardInterrupt:
        print("pellucid: interrupted", file=sys.stderr)
        sys.exit(130)
    except PellucidError as error:
        print(f"pellucid: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(1)
    except MemoryError:
        told = sentence("the memory", "this machine", "too small", "enough for all parameters and rows", "ask for fewer of them")
        print(f"pellucid: {told}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("PELLUCID_DEBUG"):
            raise
        print(f"pellucid: unforeseen {type(error).__name__}: {error} (set PELLUCID_DEBUG=1 to see where)", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
