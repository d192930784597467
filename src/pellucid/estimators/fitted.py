"""What a fitted estimator holds: the network, and the attributes that scikit-learn's users read and write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, ShapeError, sentence
from pellucid.estimators.floats import as_files_have, as_scikit_learn_has
from pellucid.storage import read_model, write_model
from pellucid.training.pieces import dense, is_sparse

if TYPE_CHECKING:
    from pellucid.network import Network
    from pellucid.training.history import History


class Fitted(BaseEstimator):
    """A fitted estimator: `network_` computes, `coefs_` and `intercepts_` are its W_l and b_l.

    They are views, so writing into them changes the predictions; arrays that are put in their places are taken over, too.
    """

    network_: Network
    coefs_: list[Array]
    intercepts_: list[Array]
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    best_loss_: float | None
    loss_: float
    n_iter_: int
    n_layers_: int
    n_outputs_: int
    t_: int
    out_activation_: str
    stopped_: bool
    """whether early stopping ended the latest training"""

    @property
    def history_(self) -> History:
        """Everything that was noted in the latest training."""
        check_is_fitted(self, "network_")
        history = self.network_.history
        assert history is not None
        return history

    def _hold(self, network: Network) -> None:
        """Take a network, with views of its parameters."""
        pairs = network.architecture.split(network.vector)
        self.network_ = network
        self.coefs_, self.intercepts_ = [W for W, _ in pairs], [b for _, b in pairs]
        self._own = (*self.coefs_, *self.intercepts_)

    def _take_network(self, network: Network) -> None:
        """The same, with all that is said of it."""
        self._hold(network)
        sizes, output = network.architecture.sizes, network.architecture.activations[-1].spec
        self.n_layers_, self.n_outputs_ = len(sizes), sizes[-1]
        self.out_activation_ = "logistic" if output == "sigmoid" else output

    def _check_learned(self) -> None:
        """Whether what comes from a file goes with the network.

        Raises:
            ValueError: it does not.

        """

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write a safetensors file: the network, the parameters, classes and names of features; numbers and texts, never code.

        Left out, since no text names them, are callbacks, a ``RandomState`` object and optimizers of one's own; and what only training on
        would need, the moments of the optimizer. Of curves of some thousand numbers it keeps some, evenly.

        Raises:
            OutputError: it cannot be written there, or there is a file and ``force`` is not set.
            InputError: a parameter is out of its range, or the classes are of a kind that no file holds.

        >>> import tempfile, pellucid as pl
        >>> model = pl.MLPClassifier(4, solver="lbfgs", random_state=0).fit([[0.0], [1.0], [2.0]], ["a", "a", "b"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/model.safetensors")
        ...     again = pl.MLPClassifier.load(f"{folder}/model.safetensors")
        >>> again.predict([[0.0], [2.0]]).tolist()
        ['a', 'b']

        """
        from pellucid.estimators.files import describe

        check_is_fitted(self, "network_")
        write_model(path, *describe(self, self._base()), force=force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote.

        Raises:
            ModelFileError: it is damaged, foreign, hostile, or of something else.

        """
        from pellucid.estimators.files import build

        return build(cls, os.fspath(path), *read_model(path))

    @classmethod
    def _base(cls) -> type[Fitted]:
        """The class of ours that this one is or is made of."""
        return next(kind for kind in cls.__mro__ if kind.__module__ == "pellucid.estimators")

    def _current(self) -> Network:
        """The network, with what was put into `coefs_` and `intercepts_` since."""
        network = self.network_
        given = (*self.coefs_, *self.intercepts_)
        if len(given) == len(self._own) and all(map(_same, given, self._own)):
            return network
        for name, array, own in zip(_names(len(network.layers)), given, self._own, strict=False):
            if np.shape(array) != own.shape or len(given) != len(self._own):
                where = type(self).__name__
                raise ShapeError(sentence(f"the shape of {name}", where, np.shape(array), own.shape, "the architecture is fixed by fit"))
        for array, own in zip(given, self._own, strict=True):
            if array is not own:
                own[...] = array
        self._hold(network)
        return network

    def _in_double(self) -> Network:
        """The network in double precision: L-BFGS works in it, and so it stays, as with scikit-learn."""
        network = self._current()
        if network.dtype != np.float64:
            self._hold(type(network).of(network.architecture, network.vector.astype(np.float64), network.seed))
        return self.network_

    def _forward(self, X: ArrayLike) -> Array:
        """y_hat (m, n_L) of the rows of X."""
        if "network_" in self.__dict__ and self._is_ready(X):
            try:
                return self._current().predict(X)
            except InputError:  # not finite: scikit-learn says so in its own words
                pass
        check_is_fitted(self, "network_")
        checked = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        network = self._current()
        if is_sparse(checked):
            return self._forward_sparse(network, checked.tocsr())
        y_hat = network.predict(checked)
        return y_hat.astype(np.result_type(checked.dtype, y_hat.dtype), copy=False) if checked.dtype.kind == "f" else y_hat

    @staticmethod
    def _forward_sparse(network: Network, X: Any, rows: int = 4096) -> Array:
        """The same, some rows at a time: they become dense."""
        dtype = network.vector.dtype
        parts = [network.predict(dense(X[at : at + rows]).astype(dtype, copy=False)) for at in range(0, X.shape[0], rows)]
        return np.concatenate(parts)

    def _is_ready(self, X: ArrayLike) -> bool:
        """Whether X is an array of the fitted dtype and width, so that `Network.predict` checks all that there is to check.

        scikit-learn's own validation takes ten times as long as the prediction of one row.
        """
        named = "feature_names_in_" in self.__dict__
        return not named and type(X) is np.ndarray and X.dtype == self.network_.vector.dtype and X.shape[1:] == (self.n_features_in_,)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if "network_" in state:
            self._current()
            state = {name: value for name, value in state.items() if name not in ("coefs_", "intercepts_", "_own", "_built")}
            state |= as_files_have(state)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        defaults = type(self)().get_params(deep=False)  # for parameters that are younger than the state
        super().__setstate__(defaults | state)
        if "network_" in self.__dict__:
            self._hold(self.network_)
            self.__dict__.update(as_scikit_learn_has(vars(self)))


def _same(given: Any, own: Array) -> bool:
    return given is own


def _names(n_layers: int) -> list[str]:
    return [f"{what}[{layer}]" for what in ("coefs_", "intercepts_") for layer in range(n_layers)]
