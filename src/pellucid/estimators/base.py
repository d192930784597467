"""What the classifier and the regressor share: scikit-learn's parameters, turned into a network and its training. No mathematics."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, validate_data

from pellucid.architecture import Architecture
from pellucid.engines import Engine
from pellucid.equations.activations import Activation
from pellucid.equations.arrays import Array
from pellucid.equations.losses import Loss
from pellucid.equations.optimizers import Optimizer
from pellucid.errors import DivergenceError, InputError, ResumeError, ShapeError, sentence
from pellucid.estimators import draws
from pellucid.estimators.given import Saving, as_engines_want, is_numbers
from pellucid.estimators.losses import as_trained
from pellucid.estimators.parameters import Parameters
from pellucid.estimators.stopping import SgdRates, Stopping
from pellucid.estimators.unconverged import warn_of_epochs, warn_of_lbfgs
from pellucid.network import Network
from pellucid.training import Carried, Held, Plan, train
from pellucid.training.lbfgs import cost
from pellucid.training.session import check_plan
from pellucid.validation import check_domain


class NonFiniteError(DivergenceError, ValueError):
    """A training of an estimator became infinite or NaN; scikit-learn raises a ValueError."""


class MLP(Parameters):
    """A multi-layer perceptron with scikit-learn's parameters."""

    # What the two kinds decide

    @abstractmethod
    def _read(self, X: ArrayLike, y: ArrayLike, incremental: bool, reset: bool) -> tuple[Any, Array]:
        """X and y as scikit-learn checks them."""

    @abstractmethod
    def _columns(self, y: Array) -> Array:
        """The targets as the network takes them, (m, n_L)."""

    @abstractmethod
    def _output(self, n_outputs: int) -> str | Activation:
        """The output activation."""

    @abstractmethod
    def _loss(self, n_outputs: int) -> Loss:
        """The loss."""

    @abstractmethod
    def _score(self, y: Array, y_hat: Array, sample_weight: Array | None) -> float:
        """The score of a validation set, from the targets (m, n_L) and y_hat."""

    @abstractmethod
    def _strata(self, Y: Array) -> Array | None:
        """What a held-out part is stratified by."""

    @abstractmethod
    def _weights(self, y: Array, sample_weight: Array | None, dtype: Any) -> Array | None:
        """The sample weights, with those of the classes."""

    # Training

    def _fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        incremental: bool = False,
        validation: Sequence[Any] | None = None,
        saving: Saving | None = None,
    ) -> Self:
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        sizes = self._sizes()
        inputs, labels = self._checked(X, y, incremental, reset=first)
        given = None if sample_weight is None else _check_sample_weight(sample_weight, inputs, dtype=inputs.dtype, ensure_non_negative=True)
        targets, weights = self._columns(labels), self._weights(labels, given, inputs.dtype)
        random_state = check_random_state(self.random_state)
        if first:
            self._begin([inputs.shape[1], *sizes, targets.shape[1]], inputs.dtype, random_state)
        else:
            self._renew()
        self._check_targets(targets, "fit")
        network = self._in_double() if self._is_lbfgs() else self._current()
        inputs, Y, s = as_engines_want(inputs, targets, weights, network.dtype)
        trained = as_trained(network.architecture.loss, Y.shape[1], self.loss == "log_loss", network.dtype)
        architecture = network.architecture
        if trained is not architecture.loss:
            architecture = Architecture(architecture.sizes, architecture.activations, trained, architecture.l2, architecture.dropout)
        plan = (
            self._plan_lbfgs(inputs, Y, s, validation)
            if self._is_lbfgs()
            else self._plan(inputs, Y, s, random_state, incremental, validation)
        )
        if saving is not None:
            plan = replace(plan, checkpoints=saving.checkpoints(), resume=saving.snapshot())
        self._train(network, architecture, plan, incremental)
        whole = self.shuffle and plan.batch_size is not None and plan.orders is None
        if whole and (random_state is self.random_state or self.random_state is None):
            draws.pass_over(len(Y) if plan.rows is None else len(plan.rows), self.n_iter_, random_state)
        return self

    def _checked(self, X: ArrayLike, y: ArrayLike, incremental: bool, reset: bool) -> tuple[Any, Array]:
        """X and y; what scikit-learn refuses is refused in its words, as one of our errors."""
        try:
            return self._read(X, y, incremental, reset)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(str(error)) from None

    def _arrays(self, X: ArrayLike, y: ArrayLike, reset: bool, **checks: Any) -> tuple[Any, Any]:
        """X and y through `validate_data`.

        What is an array of finite numbers already passes by: scikit-learn's checks would find nothing, in a tenth of a millisecond.
        """
        if is_numbers(X, 2) and is_numbers(y, 1) and X.dtype.kind == "f" and 0 < len(X) == len(y) and X.shape[1] > 0:
            if reset:
                self.n_features_in_ = X.shape[1]
                self.__dict__.pop("feature_names_in_", None)
                return X, y
            if X.shape[1] == self.n_features_in_ and "feature_names_in_" not in self.__dict__:
                return X, y
        dtype = (np.float64, np.float32)
        return validate_data(self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=dtype, reset=reset, **checks)

    def _check_targets(self, targets: Array, where: str) -> None:
        """Whether the loss is defined for the targets, and there is one for each output: a warm start or `partial_fit` may bring others."""
        if targets.shape[1] != (n := self.network_.architecture.sizes[-1]):
            repair = "give as many targets as in the first fit, or begin anew without warm_start"
            raise ShapeError(sentence("the number of targets in y", where, targets.shape[1], f"{n}, the outputs of the network", repair))
        check_domain(targets, self.network_.architecture.loss, "y")

    def _begin(self, sizes: list[int], dtype: np.dtype[Any], random_state: RandomState) -> None:
        """A new network, and nothing learned yet."""
        architecture = self._architecture(sizes)
        vector = draws.initial_vector(architecture, dtype, random_state, self.initializer, self._is_logistic())
        seed = int(self.random_state) if isinstance(self.random_state, int | np.integer) else 0
        if any(architecture.dropout) and not seed:
            seed = int(random_state.randint(2**31 - 1))
        self._take_network(Network.of(architecture, vector, seed))
        self._memory: dict[str, Any] = {}
        self.n_iter_, self.t_, self.loss_ = 0, 0, math.nan
        self.loss_curve_ = []
        self.validation_scores_, self.best_validation_score_, self.best_loss_ = None, None, math.inf
        if self.early_stopping and not self._is_lbfgs():
            self.validation_scores_, self.best_validation_score_, self.best_loss_ = [], -math.inf, None

    def _architecture(self, sizes: list[int]) -> Architecture:
        """What the parameters say."""
        self._built = self._settings()
        return Architecture.build(
            sizes,
            [*self._activations(len(sizes) - 2), self._output(sizes[-1])],
            self._loss(sizes[-1]),
            float(self.alpha),
            self.dropout if isinstance(self.dropout, float | int) else list(self.dropout),
        )

    def _settings(self) -> tuple[Any, ...]:
        return self.activation, self.loss, self.alpha, self.dropout

    def _renew(self) -> None:
        """Where a training goes on after activation, loss, alpha or dropout were set anew: a network of these, with its weights."""
        before: tuple[Any, ...] = getattr(self, "_built", ())
        if len(before) == len(self._settings()) and all(a is b for a, b in zip(before, self._settings(), strict=True)):
            return
        network = self._current()
        architecture = self._architecture(list(network.architecture.sizes))
        if architecture.to_header() != network.architecture.to_header():
            self._take_network(Network.of(architecture, network.vector, network.seed))

    def _plan_lbfgs(self, X: Any, Y: Array, s: Array | None, validation: Sequence[Any] | None) -> Plan:
        held = None if validation is None else self._held(validation)
        return Plan(
            X=X,
            Y=Y,
            s=s,
            optimizer=self._lbfgs(),
            epochs=self.max_iter,
            held=held,
            metrics={} if held is None else {"score": self._metric(held)},
            callbacks=list(self.callbacks or ()),
            progress=self.progress,
        )

    def _plan(
        self, X: Any, Y: Array, s: Array | None, random_state: RandomState, incremental: bool, validation: Sequence[Any] | None
    ) -> Plan:
        if self.early_stopping and incremental and validation is None:
            told = "give partial_fit a validation set (validation=(X, y)), or leave early stopping to fit"
            raise InputError(f"partial_fit does not support early_stopping=True: {told}.")
        rows, held = None, None
        if validation is not None:
            held = self._held(validation)
        elif self.early_stopping:
            rows, kept = draws.held_out(len(Y), self.validation_fraction, self._strata(Y), random_state)
            if len(kept) < 2:
                told = "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
                raise InputError(told)
            held = Held(X, Y, s, kept)
        m = len(Y) if rows is None else len(rows)
        batch_size = self._batch_size(m)
        several = self.shuffle and batch_size < m
        optimizer, rates = self._optimizer()
        goes_on = incremental or (self.warm_start and self.keep_optimizer)
        carried = self._carried(optimizer) if goes_on else Carried()
        rule = self._rule(m, held is not None, rates, incremental)
        return Plan(
            X=X,
            Y=Y,
            s=s,
            rows=rows,
            optimizer=optimizer,
            epochs=1 if incremental else self.max_iter,
            batch_size=batch_size,
            shuffle=False,
            orders=draws.LegacyOrders(rows, m, random_state) if several else None,
            seed=self.network_.seed,
            clip_norm=self.clip_norm,
            held=held,
            metrics={} if held is None else {"score": self._metric(held)},
            callbacks=[*(self.callbacks or ()), rule],
            progress=self.progress,
            carried=carried,
            mean_over_rows=s is not None,
        )

    def _carried(self, optimizer: Optimizer) -> Carried:
        """The moments of the latest training, if they are of an optimizer of the same kind; else none."""
        memory = self._memory
        if memory.get("kind") != type(optimizer).__name__:
            return Carried()
        dtype = self.network_.dtype
        return Carried(tuple(part.astype(dtype, copy=False) for part in memory["state"]), memory["step"])

    def _rule(self, m: int, held: bool, rates: SgdRates | None, incremental: bool) -> Stopping:
        by_score = held and self.early_stopping
        keeps_best_loss = self.restore_best and not by_score
        rule = Stopping(self.tol, self.n_iter_no_change, by_score, bool(self.verbose), rates, m, keeps_best_loss)
        rule.samples = self.t_
        if self._memory and (incremental or self.warm_start):
            rule.recall(self._memory, incremental)
        return rule

    def _held(self, validation: Sequence[Any]) -> Held:
        if not isinstance(validation, tuple | list) or not 2 <= len(validation) <= 3:
            expected = "(X, y) or (X, y, sample_weight)"
            raise InputError(sentence("validation", "fit", type(validation).__name__, expected, "put the arrays into a tuple"))
        X, y, *weights = validation
        inputs, labels = self._checked(X, y, incremental=True, reset=False)
        dtype = self.network_.dtype
        given = weights[0] if weights else None
        s = None if given is None else _check_sample_weight(given, inputs, dtype=dtype, ensure_non_negative=True)
        targets = self._columns(labels)
        self._check_targets(targets, "validation")
        return Held(*as_engines_want(inputs, targets, s, dtype), None)

    def _metric(self, held: Held) -> Any:
        weights = held.s if held.rows is None or held.s is None else held.s[held.rows]

        def score(y: Array, y_hat: Array) -> float:
            return self._score(y, y_hat, weights) if np.isfinite(y_hat).all() else math.nan

        return score

    def _train(self, network: Network, architecture: Architecture, plan: Plan, incremental: bool) -> None:
        check_plan(plan, dropout=any(architecture.dropout))
        network.optimizer = plan.optimizer
        engine = network.engine(self.engine, architecture)
        try:
            with engine.at_most(self.n_threads):
                history = train(engine, network.vector, plan, network, network.take)
        except ResumeError:
            raise
        except DivergenceError as error:
            told = "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
            raise NonFiniteError(f"{told} {error}") from None
        network.history = history
        self._take(history, plan, incremental, engine)

    def _take(self, history: Any, plan: Plan, incremental: bool, engine: Engine) -> None:
        """The attributes after a training."""
        rule = plan.callbacks[-1] if plan.callbacks else None
        losses = list(np.asarray(history["loss"])) if history else []  # as NumPy's floats, which scikit-learn's are
        self.n_iter_ = history.n_epochs
        self.loss_curve_ = [*self.loss_curve_, *losses]
        if losses:
            self.loss_ = losses[-1]
        if not isinstance(rule, Stopping) or plan.carried is None:
            warn_of_lbfgs(history, self.max_iter)
            if not losses:  # it was there already
                self.loss_ = np.float64(cost(engine, self.network_.vector, plan))
            self.best_loss_ = min(losses, default=self.loss_)
            return
        kind = type(plan.optimizer).__name__
        self._memory = {"kind": kind, "state": plan.carried.state, "step": plan.carried.step, **rule.memory()}
        self.t_ += history.n_epochs * rule.m
        if rule.by_score:
            self.validation_scores_ = [*(self.validation_scores_ or ()), *history["validation_score"]]
            self.best_validation_score_ = rule.best_score
        else:
            self.best_loss_ = np.float64(rule.best_loss)
        self.stopped_ = history.stopped_by == "early stopping"
        if rule.best_vector is not None and not incremental:
            figures = list(history["validation_score"]) if rule.by_score else [-loss for loss in losses]
            best = rule.best_score if rule.by_score else -rule.best_loss
            history.best_epoch = figures.index(best) + 1 if best in figures else None
        if rule.best_vector is not None and (not incremental or self.stopped_):
            self.network_.take(rule.best_vector)
        assert isinstance(plan.optimizer, Optimizer)
        if not incremental:
            warn_of_epochs(history, plan.optimizer, self.max_iter)
