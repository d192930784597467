"""Network: what a user holds. It checks what comes in, and hands the work to an engine, the training loop or the glass box."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pellucid import storage
from pellucid.architecture import Architecture, Layer
from pellucid.engines import Engine
from pellucid.engines import load as load_engine
from pellucid.engines.steps import masks
from pellucid.equations.activations import Activation
from pellucid.equations.arrays import Array
from pellucid.equations.initializers import Initializer
from pellucid.equations.losses import Loss
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.optimizers import optimizer as as_optimizer
from pellucid.equations.propagation import mean_gradient, penalty
from pellucid.equations.schedules import not_negative
from pellucid.errors import GradientError, InputError, ModelFileError, sentence
from pellucid.glassbox.trace import Trace, trace
from pellucid.storage import networks
from pellucid.training import EarlyStopping, History, Plan, train
from pellucid.training.callbacks import AnyCallback
from pellucid.training.checkpoints import USUAL, Checkpoints, to_resume
from pellucid.training.evaluation import Held, Metric, as_metrics, split
from pellucid.training.session import check_plan
from pellucid.validation import as_dtype, as_inputs, as_masks, as_sample_weight, as_targets, positive_integer, whole_number

if TYPE_CHECKING:
    from typing import Self

    from pellucid.glassbox.check import GradientReport


class Network:
    """A feed-forward neural network: z_l = a_{l-1} W_l + b_l, a_l = f_l(z_l) for l = 1..L, a_0 = x, y_hat = a_L.

    A single neuron is ``[d, 1]``, softmax regression ``[d, k]`` with softmax; every depth is this one class.

    Args:
        sizes: n_0 .. n_L, inputs first.
        activations: one name (or record, or formula in x) for each layer 1..L; or one for all hidden layers, the output's then goes with
            the loss.
        loss: log_loss, cross_entropy, mse, half_mse, mae, huber, poisson or a formula in y_hat and y; left out, the one that goes with the
            output: log_loss for sigmoid, cross_entropy for softmax, poisson for exp, else half_mse.
        l2: the alpha of the L2 term alpha sum ||W_l||^2 / (2 sum s_i) of the cost.
        dropout: the rate of all hidden layers, or a list with one for each.
        initializer: glorot_uniform, he_normal ...; biases start at zero.
        seed: of the initial weights, of shuffling and of dropout.
        dtype: float64 or float32.

    Raises:
        InputError: what is asked for makes no network; the sentence says what would.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], loss="log_loss", seed=0)
    >>> net.n_parameters
    31
    >>> net.parameters["W1"].shape
    (4, 5)

    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: str | Activation | Sequence[str | Activation] | None = None,
        loss: str | Loss | None = None,
        *,
        l2: float = 0.0,
        dropout: float | Sequence[float] = 0.0,
        initializer: str | Initializer = "glorot_uniform",
        seed: int = 0,
        dtype: DTypeLike = "float64",
    ) -> None:
        self.architecture = Architecture.build(sizes, activations, loss, l2, dropout)
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
            raise InputError(sentence("the seed", "Network", repr(seed), "a whole number from 0 to 2^63 - 1", "e.g. 0"))
        self.seed = int(seed)
        self.vector: Array = self.architecture.draw(initializer, np.random.default_rng(self.seed), as_dtype(dtype))
        self.history: History | None = None
        """of the latest training"""
        self.optimizer: Optimizer | LBFGS | None = None
        """of the latest training in this process; files do not keep it"""
        self._engines: dict[tuple[str | None, bool], Engine] = {}

    # What it is made of

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 or float32."""
        return self.vector.dtype

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers 1..L."""
        return self.architecture.layers

    @property
    def n_parameters(self) -> int:
        """How many weights and biases there are."""
        return self.architecture.n_parameters

    @property
    def parameters(self) -> dict[str, Array]:
        """W1, b1, W2 ... in the rows convention: views, so writing into them changes the network."""
        return self.architecture.named(self.vector)

    def dropout_mask(self, m: int, step: int = 0) -> dict[int, Array]:
        """The masks {l: (m, n_l)} with which a training drops units of m samples at a step, to be shown or held fixed."""
        m, step = positive_integer(m, "the number of samples", "dropout_mask"), whole_number(step, "the step", "dropout_mask")
        drawn = masks(self.architecture, m, self.seed, step, self.dtype) or []
        return {layer: part for layer, part in enumerate(drawn) if part is not None}

    # Forward and backward

    def predict(self, X: ArrayLike, *, engine: str | None = None) -> Array:
        """y_hat (m, n_L) for the rows of X (m, n_0)."""
        return self.engine(engine).predict(self.vector, as_inputs(X, self.architecture.sizes[0], self.vector.dtype))

    def loss(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, engine: str | None = None) -> float:
        """The cost J = sum s_i l_i / sum s_i + l2 ||W||^2 / (2 sum s_i); for y as in `fit`."""
        X, Y, s = self._data(X, y, sample_weight)
        sums = self.engine(engine).evaluate(self.vector, X, Y, s)
        weights = self.vector[: self.architecture.n_weights]
        return sums.loss / sums.weight + float(penalty(weights, self.architecture.l2, sums.weight))

    def gradients(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        mask: Any = None,
        engine: str | None = None,
    ) -> dict[str, Array]:
        """dJ/dW_l and dJ/db_l by name, dW1, db1 ..., shaped as the parameters (rows convention)."""
        X, Y, s = self._data(X, y, sample_weight)
        gradient = self._gradient(self.vector, X, Y, s, as_masks(mask, len(X), self.architecture, self.dtype), engine)
        return self.architecture.named(gradient.astype(self.dtype, copy=False), prefix="d")

    def _gradient(self, vector: Array, X: Array, Y: Array, s: Array | None, masks: Any, engine: str | None) -> Array:
        sums, total = self.engine(engine).gradient(vector, X, Y, s, masks)
        return mean_gradient(total, sums.weight, vector[: self.architecture.n_weights], self.architecture.l2)

    def trace(
        self,
        X: ArrayLike,
        y: ArrayLike,
        convention: str = "columns",
        sample_weight: ArrayLike | None = None,
        mask: Any = None,
    ) -> Trace:
        """Every a, z, J, da, dz, dW, db of one forward and backward pass; see `pellucid.glassbox.trace`.

        >>> import pellucid as pl
        >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
        >>> print(*net.trace([[1, 2, 3, 4]], [1]))
        a0 z1 a1 z2 a2 J da2 dz2 dW2 db2 da1 dz1 dW1 db1
        """
        return trace(self, X, y, convention, sample_weight, mask)

    # Training

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        optimizer: str | Optimizer | LBFGS = "adam",
        epochs: int = 100,
        batch_size: int | None = None,
        validation: tuple[ArrayLike, ...] | float | None = None,
        early_stopping: EarlyStopping | None = None,
        callbacks: Sequence[AnyCallback] = (),
        sample_weight: ArrayLike | None = None,
        shuffle: bool = True,
        n_threads: int | None = None,
        engine: str | None = None,
        progress: bool = True,
        metrics: Sequence[str] | Mapping[str, Metric] | None = None,
        clip_norm: float | None = None,
        check_gradients: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        every: int | str = USUAL,
        resume: bool | str | os.PathLike[str] = False,
    ) -> History:
        """Train: forward, loss, backward, update, batch after batch.

        Args:
            X: (m, n_0), samples are rows.
            y: (m, n_L); (m,) for one output; for cross_entropy also (m,) class indices.
            optimizer: a name or a record such as ``pl.Adam(learning_rate=0.01)``.
            epochs: passes over the data (iterations for L-BFGS).
            batch_size: samples a step; 1 is stochastic gradient descent, None the full batch.
            validation: (X, y), (X, y, sample_weight), or a fraction of the data to hold out (stratified by class).
            early_stopping: when to stop before the last epoch.
            callbacks: functions of a `Moment`, called after each epoch (True ends the training), or `Callback` objects.
            sample_weight: s_i, (m,), not negative.
            shuffle: visit the samples in a new order in each epoch.
            n_threads: at most so many threads; None leaves it to the libraries.
            engine: compiled (machine code, the default) or reference (the equations as they stand, in NumPy).
            progress: show a bar on a terminal.
            metrics: names (accuracy, r2) or {name: function of y and y_hat}, for the validation set.
            clip_norm: scale gradients down to this Euclidean norm.
            check_gradients: before the first step, prove the gradients on some rows by finite differences.
            checkpoint: a file to which the state of the training is written as it goes, so that it can be gone on with.
            every: so many epochs (``every=10``) or so much time (``every="30 seconds"``) lie between two checkpoints.
            resume: a checkpoint to go on from, to the same bits as if it had never stopped; True is ``checkpoint``, where it is there.

        Returns:
            The history; also kept as ``net.history``. Ctrl-C ends the training and keeps what was learned.

        Raises:
            InputError: data or settings that do not fit.
            DivergenceError: the cost became infinite or NaN; the network keeps the weights from before that.
            ModelFileError: the checkpoint is damaged, or of another training.
            ResumeError: both: the cost became infinite or NaN just after going on from a checkpoint.
            GradientError: the check of the gradients failed.

        """
        X, Y, s = self._data(X, y, sample_weight)
        rows, held = self._held(X, Y, s, validation)
        if clip_norm is not None and not (not_negative(clip_norm) and clip_norm > 0):
            raise InputError(sentence("clip_norm", "fit", repr(clip_norm), "a positive number", "choose e.g. 1.0"))
        figures = as_metrics(metrics, self.architecture)
        plan = Plan(
            X=X,
            Y=Y,
            s=s,
            rows=rows,
            optimizer=as_optimizer(optimizer),
            epochs=positive_integer(epochs, "the number of epochs", "fit"),
            batch_size=None if batch_size is None else positive_integer(batch_size, "the batch size", "fit"),
            shuffle=shuffle,
            seed=self.seed,
            clip_norm=clip_norm,
            held=held,
            metrics=figures if held else {},
            early_stopping=early_stopping,
            callbacks=callbacks,
            progress=progress,
            checkpoints=Checkpoints.of(checkpoint, every, resumes=bool(resume)),
            resume=to_resume(resume, checkpoint),
        )
        check_plan(plan, dropout=any(self.architecture.dropout))
        if n_threads is not None:
            positive_integer(n_threads, "n_threads", "fit")
        if check_gradients:
            self._prove(X, Y, s, engine)
        self.optimizer = plan.optimizer
        chosen = load_engine(engine, self.architecture)
        with chosen.at_most(n_threads):
            self.history = train(chosen, self.vector, plan, self, self.take)
        return self.history

    @classmethod
    def of(cls, architecture: Architecture, vector: Array, seed: int = 0) -> Self:
        """A network with these parameters, which it takes as they are."""
        net = cls.__new__(cls)
        net.architecture, net.vector, net.seed, net._engines = architecture, vector, seed, {}
        net.history, net.optimizer = None, None
        return net

    def take(self, vector: Array) -> None:
        """Copy other parameters."""
        self.vector[...] = vector

    def engine(self, name: str | None, architecture: Architecture | None = None) -> Engine:
        """The engine for this network (or for the same with another loss to train by); kept, with its memory, for the next time."""
        wanted = self.architecture if architecture is None else architecture
        place = name, wanted is self.architecture
        found = self._engines.get(place)
        if found is None or (found.architecture is not wanted and found.architecture != wanted):
            found = self._engines[place] = load_engine(name, wanted)
        return found

    def _data(self, X: ArrayLike, y: ArrayLike, s: ArrayLike | None, name: str = "") -> tuple[Array, Array, Array | None]:
        inputs = as_inputs(X, self.architecture.sizes[0], self.dtype, f"X{name}")
        targets = as_targets(y, len(inputs), self.architecture, self.dtype, f"y{name}")
        return inputs, targets, as_sample_weight(s, len(inputs), self.dtype, f"sample_weight{name}")

    def _held(
        self, X: Array, Y: Array, s: Array | None, validation: tuple[ArrayLike, ...] | float | None
    ) -> tuple[Array | None, Held | None]:
        if validation is None:
            return None, None
        if isinstance(validation, int | float):
            loss = self.architecture.loss.name
            classes = (loss == "cross_entropy" and not self.architecture.heads) or (loss == "log_loss" and Y.shape[1] == 1)
            rows, kept = split(Y, float(validation), classes, np.random.default_rng([self.seed, 2]))
            if s is not None and not (s[rows].sum() > 0 and s[kept].sum() > 0):
                got, expected = "zero on one side of the split", "a positive sum on both sides"
                raise InputError(sentence("sample_weight", "fit", got, expected, "leave out samples of weight 0, or pass a validation set"))
            return rows, Held(X, Y, s, kept)
        if not isinstance(validation, tuple) or len(validation) not in (2, 3):
            expected = "(X, y), (X, y, sample_weight) or a fraction"
            got = f"a {type(validation).__name__}"
            raise InputError(sentence("validation", "fit", got, expected, "e.g. validation=0.1"))
        weights = validation[2] if len(validation) == 3 else None
        return None, Held(*self._data(validation[0], validation[1], weights, " of the validation set"), rows=None)

    def _prove(self, X: Array, Y: Array, s: Array | None, engine: str | None) -> GradientReport:
        """Check what the engine takes for the gradient, in float64, on some rows."""
        from pellucid.glassbox.check import check_gradients

        X, Y = X[:32].astype(np.float64), Y[:32].astype(np.float64)
        weights = None if s is None else s[:32].astype(np.float64)
        mask = self.dropout_mask(len(X)) or None
        fixed = as_masks(mask, len(X), self.architecture, X.dtype)
        gradient = self._gradient(self.vector.astype(np.float64), X, Y, weights, fixed, engine)
        named = self.architecture.named(gradient, prefix="d")
        report = check_gradients(self, X, Y, sample_weight=weights, mask=mask, gradient=named)
        if not report.passed:
            got = f"{report.max_relative_error:.2g} off at its worst"
            repair = "report this with the network's description"
            raise GradientError(sentence("the gradient", str(self.architecture), got, "a passed check", repair))
        return report

    # Files

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write a safetensors file; it holds numbers and a description, never code. An existing file is kept unless ``force``.

        Of a history of more than some thousand numbers it keeps rows, evenly; see `History.epochs`.

        Raises:
            OutputError: it cannot be written there, or there is a file and ``force`` is not set.
            InputError: an activation or the loss is a record that no text names.

        """
        header, tensors = self.to_file()
        storage.write_model(path, header, tensors, force=force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote; of an estimator's file, the network in it.

        Raises:
            ModelFileError: the file is damaged, foreign, or does not fit its own description.

        """
        return cls.from_file(os.fspath(path), *storage.read_model(path))

    def to_file(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """What a file holds of it: a description, in which a history of many epochs is thinned, and arrays.

        Raises:
            InputError: an activation or the loss is a record that no text names.

        """
        header = networks.describe(self.architecture, self.dtype, self.seed)
        header["history"] = None if self.history is None else self.history.thinned().to_dict()
        return header, self.parameters

    @classmethod
    def from_file(cls, name: str, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> Self:
        """The network that `to_file` described; ``name`` is of the file."""
        try:
            net = cls.of(*networks.restore(header, tensors), seed=header["seed"])
            net.history = None if header["history"] is None else History.from_dict(header["history"])
            if type(net.seed) is not int or not 0 <= net.seed < 2**63:
                raise ValueError(f"the seed is {repr(net.seed)[:40]}")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            told = str(getattr(error, "told", error))
            told = told if len(told) <= 200 else f"{told[:197]}..."
            got = f"not a description of a network ({told})"
            raise ModelFileError(sentence("the header", name, got, "one that Network.save wrote", "save it again")) from None
        return net

    def _header(self) -> dict[str, Any]:
        return {
            "architecture": self.architecture.to_header(),
            "dtype": self.dtype.name,
            "seed": self.seed,
            "history": None if self.history is None else self.history.to_dict(),
        }

    def __getstate__(self) -> dict[str, Any]:
        return {"header": json.dumps(self._header()), "vector": self.vector}

    def __setstate__(self, state: dict[str, Any]) -> None:
        header = json.loads(state["header"])
        self.architecture = Architecture.from_header(header["architecture"])
        self.seed = int(header["seed"])
        self.history = None if header["history"] is None else History.from_dict(header["history"])
        self.optimizer, self._engines = None, {}
        self.vector = np.array(state["vector"], dtype=as_dtype(header["dtype"]))
        if self.vector.shape != (self.architecture.n_parameters,):
            got, expected = self.vector.shape, (self.architecture.n_parameters,)
            raise ModelFileError(sentence("the shape of the vector", "the network", got, expected, "save it again"))

    def __repr__(self) -> str:
        rules = [record.spec for record in self.architecture.activations]
        return f"Network({list(self.architecture.sizes)}, activations={rules}, loss={self.architecture.loss.spec!r})"
