"""Proof by symbols: SymPy differentiates the composed cost, and the difference to the derived gradient is zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.equations.activations import Softmax
from pellucid.equations.optimizers import GradientDescent
from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Expression
from pellucid.glassbox.derivation import UPDATE, Step
from pellucid.glassbox.derive import vectorized
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import Names
from pellucid.glassbox.model import Model
from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text
from pellucid.glassbox.trace import CONVENTIONS
from pellucid.validation import one_of, positive_integer

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from pellucid.glassbox.derive.symbols import Piece

MOST = 24
"""parameters; beyond, the formulas fill the memory before they cancel"""


@dataclass(frozen=True)
class Identity:
    """Something that is zero for all values of its symbols."""

    symbol: str
    """the name of the parameter, or of the step"""
    statement: str
    proved: bool


@dataclass(frozen=True)
class Proof:
    """The identities that were asked, and whether each is proved.

    Each gradient is proved entry by entry: the derivative that SymPy takes of the cost, composed of the forward steps, is the formula
    that the backward steps compose. With it goes every line of every step: its sides are equal.

    >>> import pellucid as pl
    >>> bool(pl.prove_gradients(pl.Network([2, 1], ["sigmoid"], "log_loss")))
    True
    """

    title: str
    identities: tuple[Identity, ...]
    pieces: int
    """on how many smooth pieces (sides of kinks) each was proved"""

    @property
    def proved(self) -> bool:
        """Whether all of them are."""
        return all(identity.proved for identity in self.identities)

    def __bool__(self) -> bool:
        return self.proved

    def _table(self) -> Table:
        rows = [(identity.symbol, "proved" if identity.proved else "not proved", identity.statement) for identity in self.identities]
        colors = ["bold green" if identity.proved else "bold red" for identity in self.identities]
        pieces = "" if self.pieces == 1 else f", on {self.pieces} pieces between kinks"
        return Table(f"{self.title}{pieces}", ("of", "result", "statement"), rows, colors)

    def __rich__(self) -> RichTable:
        return as_rich(self._table())

    def __str__(self) -> str:
        return as_text(self._table())

    def _repr_html_(self) -> str:
        return as_html(self._table())


def prove_gradients(model: Model, convention: str = "columns", samples: int = 1, weighted: bool = False, pieces: int = 4) -> Proof:
    r"""Prove the derived equations of a small network for *all* values of its parameters, inputs and targets.

    The forward steps of the derivation are composed to J, a formula in the entries of x, y, W_l and b_l; SymPy differentiates it by each
    parameter; the difference to what the backward steps compose is brought to zero, as is the difference of the sides of every step. L2
    and dropout masks, where the network has them, are symbols too. Where a rule has kinks this is done on several of its smooth pieces.

    Args:
        model: a `Network` with at most 24 parameters; its values play no part.
        convention: columns or rows.
        samples: how many samples the batch has.
        weighted: whether the samples have weights.
        pieces: on how many smooth pieces, at most, rules with kinks are proved.

    Raises:
        InputError: the network is too large, or an argument is not as said.

    >>> import pellucid as pl
    >>> proof = prove_gradients(pl.Network([1, 1, 1], ["tanh", "sigmoid"]))
    >>> proof.proved, len(proof.identities)
    (True, 9)

    """
    one_of(convention, CONVENTIONS, "the convention", "prove_gradients")
    m, pieces = positive_integer(samples, "samples", "prove_gradients"), positive_integer(pieces, "pieces", "prove_gradients")
    architecture = model.architecture
    if architecture.n_parameters > MOST:
        got, repair = (
            f"one with {architecture.n_parameters} parameters",
            "prove a smaller one with the same rules; check_gradients takes any size",
        )
        raise InputError(sentence("the network", "prove_gradients", got, f"at most {MOST}", repair))
    masked = frozenset(layer for layer, rate in enumerate(architecture.dropout, start=1) if rate)
    names = Names(architecture, convention == "columns", m, weighted, masked)
    sections = vectorized.sections(Builder(names, {}), GradientDescent())
    steps = [step for section in sections for part in section.steps for step in part.walk() if step.part != UPDATE]
    found: dict[tuple[bool | int, ...], tuple[Identity, ...]] = {}
    for seed in range(8 * pieces):
        piece, symbols = _point(names, seed)
        identities = _identities(names, steps, symbols, piece, found)
        found |= {tuple(piece.sides): identities} if identities else {}
        if len(found) == pieces or not piece.sides:
            break
    every = list(found.values())
    joined = tuple(
        Identity(first.symbol, first.statement, all(other.proved for other in same))
        for same in zip(*every, strict=True)
        for first in same[:1]
    )
    return Proof(f"The gradients of a {architecture} network with {architecture.loss.spec}", joined, len(found))


def _point(names: Names, seed: int) -> tuple[Piece, dict[str, Any]]:
    """Symbols for every entry, and a random value for each."""
    import sympy

    from pellucid.glassbox.derive.symbols import Piece

    rng, m, sizes = np.random.default_rng(seed), names.m or 1, names.architecture.sizes
    point: dict[Any, float] = {}

    def array(name: str, shape: tuple[int, ...], draw: Callable[[], float]) -> Any:
        found = np.empty(shape, dtype=object)
        for at in np.ndindex(shape):
            found[at] = sympy.Symbol(name + "_" + "".join(str(i + 1) for i in at), real=True)
            point[found[at]] = draw()
        return found

    def lay(*shape: int) -> tuple[int, ...]:
        return shape if names.columns else shape[::-1]

    values: dict[str, Any] = {"x": array("x", lay(sizes[0], m), rng.normal), "y": array("y", lay(sizes[-1], m), rng.random), "m": m}
    if (names.rule(names.last).name, names.architecture.loss.name) == ("softmax", "cross_entropy"):  # targets that sum to one
        y, output = values["y"] if names.columns else values["y"].T, names.rule(names.last)
        for head in output.parts(sizes[-1]) if isinstance(output, Softmax) else ():
            y[head.stop - 1] = 1 - y[head.start : head.stop - 1].sum(axis=0)
    for layer in range(1, names.last + 1):
        n_in, n_out = sizes[layer - 1 : layer + 1]
        values[f"W{layer}"] = array(f"W{layer}", lay(n_out, n_in), rng.normal)
        values[f"b{layer}"] = array(f"b{layer}", (n_out, 1) if names.columns else (n_out,), rng.normal)
        if layer in names.masked:
            values[f"D{layer}"] = array(f"D{layer}", lay(n_out, m), lambda: 1.5)
    values["lambda"] = sympy.Symbol("lambda")
    if names.weighted:
        values["s"] = array("s", lay(1, m), rng.random)
    for layer in range(1, names.last + 1):
        record, n = names.rule(layer), sizes[layer]
        same = record.same_group(n) if isinstance(record, Softmax) else np.ones((n, n))
        values[f"G{layer}"], values["N"] = (array.astype(int).astype(object) for array in (same, same - np.eye(n)))
    return Piece(point), values


def _identities(names: Names, steps: list[Step], given: dict[str, Any], piece: Piece, known: Any) -> tuple[Identity, ...]:
    """All of them on the piece around a point; nothing where the piece is known already."""
    import sympy

    from pellucid.glassbox.derive.symbols import is_zero, is_zero_with_logarithms

    values = {**given}
    for step in steps:
        _compose(names, step, values, piece)
    if tuple(piece.sides) in known:
        return ()
    found = []
    local = {**given}
    for step in steps:
        differences = _compose(names, step, local, piece)
        if differences:
            proved = all(is_zero_with_logarithms(sympy.sympify(entry), piece) for array in differences for entry in array.flat)
            found.append(Identity(step.symbol, step.text, proved))
        _rename(step.symbol, names, local, piece)
    J = sympy.sympify(np.asarray(values["J"]).item())
    for layer in range(1, names.last + 1):
        for kind in "Wb":
            theta, gradient = values[f"{kind}{layer}"], np.broadcast_to(values[f"d{kind}{layer}"], values[f"{kind}{layer}"].shape)
            proved = all(is_zero(sympy.diff(J, symbol) - entry) for symbol, entry in zip(theta.flat, gradient.flat, strict=True))
            entries = f"{theta.size} entries" if theta.size > 1 else "1 entry"
            found.append(Identity(f"d{kind}{layer}", f"∂J/∂{kind}^[{layer}] by SymPy = d{kind}^[{layer}], {entries}", proved))
    return tuple(found)


def _compose(names: Names, step: Step, values: dict[str, Any], piece: Piece) -> list[Any]:
    """Put what a step says among the values; the differences of its sides."""
    of = step.left.sides[-1] if isinstance(step.left, nodes.Equation) else step.left
    if not isinstance(of, nodes.Symbol):
        return []
    sides = [evaluate(side, values, piece.arithmetic) for side in step.sides if _plain(side)]
    value = values.setdefault(of.key, _as_shaped(sides[-1], of, names))
    if of.key == f"a{names.last}":
        values["y_hat"] = value
    return [np.asarray(side - value) for side in sides if side is not value]


def _rename(symbol: str, names: Names, values: dict[str, Any], piece: Piece) -> None:
    """Within a step nothing is asked of how z, and the da of hidden layers, came about: they get symbols of their own."""
    import sympy

    if symbol[0] == "z" or (symbol[:2] == "da" and symbol != f"da{names.last}"):
        for at, entry in np.ndenumerate(values[symbol]):
            letter = sympy.Symbol(f"{symbol}_{''.join(str(i + 1) for i in at)}", real=True)
            piece.point[letter] = piece.at(entry)
            values[symbol][at] = letter


def _plain(side: Expression) -> bool:
    """Whether a side says more than its name: no derivative as it is written, no f."""
    return not any(
        isinstance(node, nodes.Derivative | nodes.Dots) or (isinstance(node, nodes.Call) and node.layer is not None) for node in side.walk()
    )


def _as_shaped(value: Any, key: nodes.Symbol, names: Names) -> Any:
    """A bias gradient of the rows convention is flat."""
    if key.name == "db" and not names.columns and np.ndim(value) == 2:
        return value[0]
    return value
