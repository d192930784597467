"""Trace: every value of one forward and one backward pass, by the names and in the shapes of the textbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.equations.activations import Softmax
from pellucid.equations.arrays import Array
from pellucid.equations.propagation import backward, forward, mean_gradient, penalty
from pellucid.equations.records import ARGUMENTS, is_formula
from pellucid.errors import unknown_name
from pellucid.glassbox.model import Model, as_subject
from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text
from pellucid.validation import as_inputs, as_masks, as_sample_weight, as_targets, one_of

if TYPE_CHECKING:
    from rich.table import Table as RichTable

CONVENTIONS = ("columns", "rows")


class Trace(Mapping[str, Array]):
    """The values of one pass. It iterates in the order in which they arise: a0 z1 a1 ... J, then daL dzL dWL dbL ... dW1 db1.

    In the ``columns`` convention samples are columns, W_l is n_l x n_{l-1} and b_l a column; in ``rows`` samples are rows, W_l is
    n_{l-1} x n_l and b_l flat. da_l and dz_l are derivatives of the loss of each sample; dW_l and db_l those of the cost J.
    Also to be had by name: x, y, y_hat, error (y_hat - y), l (the loss of each sample), and W1, b1 ...

    da_L may be infinite where the output is saturated; dz_L is exact all the same.

    Raises:
        KeyError: there is no value of that name; the nearest is suggested.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> trace = net.trace([[5.1, 3.5, 1.4, 0.2]], [1])
    >>> trace["dW1"].shape, trace["J"].shape
    ((5, 4), ())

    """

    def __init__(self, values: dict[str, Array], also: dict[str, Array], meanings: dict[str, str], convention: str) -> None:
        self._values, self._also, self._meanings = values, also, meanings
        self.convention = convention

    def __getitem__(self, name: str) -> Array:
        found = self._values.get(name, self._also.get(name))
        if found is None:
            raise KeyError(str(unknown_name("value of the trace", name, [*self._values, *self._also])))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def rows(self, precision: int = 4) -> Iterator[tuple[str, str, str, str]]:
        """Name, shape, equation and (abbreviated) value of each."""
        for name, value in self._values.items():
            shape = " x ".join(map(str, value.shape)) or "scalar"
            with np.printoptions(precision=precision, threshold=24, edgeitems=2, linewidth=60):
                text = str(value) if value.ndim else f"{float(value):.{precision + 2}g}"
            yield name, shape, self._meanings[name], text

    def _table(self) -> Table:
        colors = ["bold red" if name.startswith("d") else "bold green" for name in self]
        title = f"Forward and backward propagation ({self.convention} convention)"
        return Table(title, ("name", "shape", "equation", "value"), list(self.rows()), colors, lines=True)

    def __rich__(self) -> RichTable:
        return as_rich(self._table())

    def __str__(self) -> str:
        return as_text(self._table())

    def _repr_html_(self) -> str:
        return as_html(self._table())

    def __repr__(self) -> str:
        return f"Trace({' '.join(self)}; {self.convention})"


def trace(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    convention: str = "columns",
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> Trace:
    """Every a, z, J, da, dz, dW, db of one forward and backward pass of the model over X (m, n_0) and y.

    Args:
        model: a `Network`, a fitted estimator, or a pipeline that ends in one.
        X: the samples, as rows (in either convention).
        y: the targets, as for `Network.fit`.
        convention: how the values are laid out: columns or rows.
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}; without them nothing is dropped.

    Raises:
        InputError: X, y, the weights or the mask do not fit the model.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> pl.trace(net, [[5.1, 3.5, 1.4, 0.2]], [1])["z1"].shape
    (5, 1)

    """
    one_of(convention, CONVENTIONS, "the convention", "trace")
    model, X, y, _ = as_subject(model, X, y, "trace")
    architecture, vector = model.architecture, model.vector
    X = as_inputs(X, architecture.sizes[0], vector.dtype)
    Y = as_targets(y, len(X), architecture, vector.dtype)
    s = as_sample_weight(sample_weight, len(X), vector.dtype)
    masks = as_masks(mask, len(X), architecture, vector.dtype)
    rules, objective, parameters = architecture.activations, architecture.objective, architecture.split(vector)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        tape = forward(rules, parameters, X, masks)
        found = backward(rules, objective, parameters, tape, Y, s, input_too=False)
        losses = objective.value(tape.z[-1], tape.f[-1], Y)
        da_last = architecture.loss.derivative(tape.a[-1], Y)
        total = len(X) if s is None else s.sum()
        data = losses.sum() if s is None else (losses * s).sum()
        weights = vector[: architecture.n_weights]
        J = data / total + penalty(weights, architecture.l2, total)
        flat = np.concatenate([dW.reshape(-1) for dW in found.dW] + found.db)
        gradient = architecture.named(mean_gradient(flat, total, weights, architecture.l2), prefix="d")

    columns = convention == "columns"

    def lay(value: Array) -> Array:
        return (value[:, None] if value.ndim == 1 else value.T) if columns else value

    last, words = len(rules), _Equations(model, convention, s is not None, masks)
    values, meanings = {"a0": lay(X)}, {"a0": "x"}

    def note(name: str, value: Array, meaning: str) -> None:
        values[name], meanings[name] = value, meaning

    for layer in range(1, last + 1):
        note(f"z{layer}", lay(tape.z[layer]), words.z(layer))
        note(f"a{layer}", lay(tape.a[layer]), words.a(layer))
    note("J", np.asarray(J), words.cost())
    for layer in range(last, 0, -1):
        da = da_last if layer == last else found.da[layer]
        assert da is not None
        note(f"da{layer}", lay(da), words.da(layer))
        note(f"dz{layer}", lay(found.dz[layer]), words.dz(layer))
        note(f"dW{layer}", lay(gradient[f"dW{layer}"]), words.dW(layer))
        note(f"db{layer}", lay(gradient[f"db{layer}"]), words.db(layer))
    named = {name: lay(part) for name, part in architecture.named(vector).items()}
    y_hat = lay(tape.a[-1])
    also = {"x": lay(X), "y": lay(Y), "y_hat": y_hat, "error": y_hat - lay(Y), "l": losses, **named}
    return Trace(values, also, meanings, convention)


class _Equations:
    """The equation of each value, as plain text."""

    def __init__(self, model: Model, convention: str, weighted: bool, masks: list[Array | None] | None) -> None:
        self.rules, self.loss, self.l2 = model.architecture.activations, model.architecture.loss, model.architecture.l2
        self.objective, self.masks = model.architecture.objective, masks
        self.columns, self.weighted = convention == "columns", weighted
        self.last = len(self.rules)
        self.mean = "/ sum(s)" if weighted else "/ m"

    def _dropped(self, layer: int) -> str:
        return f" * mask{layer}" if self.masks is not None and self.masks[layer] is not None else ""

    def z(self, layer: int) -> str:
        return f"W{layer} a{layer - 1} + b{layer}" if self.columns else f"a{layer - 1} W{layer} + b{layer}"

    def a(self, layer: int) -> str:
        rule = self.rules[layer - 1]
        if is_formula(rule.spec, ARGUMENTS):
            return re.sub(r"\bz\b", f"z{layer}", f"({rule.formula})" if self._dropped(layer) else rule.formula) + self._dropped(layer)
        return f"{rule.spec}(z{layer}){self._dropped(layer)}"

    def cost(self) -> str:
        total = "sum(s l)" if self.weighted else "sum(l)"
        ridge = f" + {self.l2:g} ||W||^2 / (2 {self.mean[2:]})" if self.l2 else ""
        loss = self.loss.formula if is_formula(self.loss.spec, ("y_hat",)) else f"{self.loss.spec}(y_hat, y)"
        return f"{total} {self.mean}{ridge}, l = {loss}"

    def da(self, layer: int) -> str:
        if layer == self.last:
            return f"dl/dy_hat: {self.loss.derivative_formula}" + (f" / {'n' + str(layer)}" if self.loss.averages else "")
        return f"W{layer + 1}^T dz{layer + 1}" if self.columns else f"dz{layer + 1} W{layer + 1}^T"

    def dz(self, layer: int) -> str:
        if layer == self.last and self.objective.fused is not None:
            output = self.rules[layer - 1]
            groups = ", sums over each group" if isinstance(output, Softmax) and output.groups else ""
            return f"{self.objective.fused.dz_formula}{groups}" + (f", / n{layer}" if self.loss.averages else "") + " (fused, exact)"
        rule = self.rules[layer - 1]
        if isinstance(rule, Softmax):
            if rule.groups:
                return f"a{layer} * (da{layer} - sum_k a_k da_k), sum_k over each group"
            return f"a{layer} * (da{layer} - sum_k a_k da_k)"
        if is_formula(rule.spec, ARGUMENTS):
            value = f"({rule.formula})" if self._dropped(layer) else f"a{layer}"  # a_l is what the mask has left
            slope = re.sub(r"\bz\b", f"z{layer}", re.sub(r"\ba\b", value, rule.derivative_formula))
            return f"da{layer}{self._dropped(layer)} * ({slope})"
        return f"da{layer}{self._dropped(layer)} * {rule.spec}'(z{layer})"

    def dW(self, layer: int) -> str:
        s = " diag(s)" if self.weighted else ""
        product = f"dz{layer}{s} a{layer - 1}^T" if self.columns else f"a{layer - 1}^T{s} dz{layer}"
        ridge = f" + {self.l2:g} W{layer} {self.mean}" if self.l2 else ""
        return f"{product} {self.mean}{ridge}"

    def db(self, layer: int) -> str:
        return f"sum over samples of {'s ' if self.weighted else ''}dz{layer}, {self.mean}"
