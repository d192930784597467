"""The right line of backward propagation for each quantity, as a tree; and how lines are written in either convention.

The trees are in the columns convention and executable: evaluated on the values of a `Pass`, they give its values.
"""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import numpy as np

from pellucid.equations.activations import Softmax
from pellucid.expressions.latex import latex
from pellucid.expressions.nodes import (
    Call,
    Divide,
    Equation,
    Expression,
    MatMul,
    Multiply,
    Negative,
    Number,
    Power,
    SumAll,
    SumOverSamples,
    SumOverUnits,
    Symbol,
    hadamard,
)
from pellucid.expressions.text import text
from pellucid.glassbox.review.passes import Pass, parts

M, N, S, Y = Symbol("m"), Symbol("n"), Symbol("s"), Symbol("y")
"""samples, outputs, sample weights, targets"""
EXACT = {("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("exp", "poisson")}
"""output and loss for which dz_L is the error y_hat - y"""


def symbol(kind: str, layer: int) -> Symbol:
    """W2, dz1 ...; a0 is x, its derivative dX."""
    if layer == 0 and kind in ("a", "da", "z"):
        return Symbol("dX" if kind == "da" else "x")
    return Symbol(kind, layer)


def left_side(name: str) -> Symbol:
    """The quantity itself."""
    return symbol(*parts(name))


def total(p: Pass) -> Expression:
    """What a mean over samples divides by: m, or the sum of s."""
    return SumAll(S) if p.weighted else M


def of_samples(p: Pass, dz: Expression) -> Expression:
    """dz_l as it enters a sum over samples: times s where there are weights."""
    return hadamard(S, dz) if p.weighted else dz


def error_is_exact(p: Pass) -> bool:
    """Whether dz_L is y_hat - y (over n, where the loss averages)."""
    y, output = p.values["y"], p.rule(p.depth)
    soft = isinstance(output, Softmax)
    heads = output.parts(len(y)) if isinstance(output, Softmax) else (slice(None),)
    sums_to_one = p.architecture.loss.spec != "cross_entropy" or all(np.abs(y[head].sum(axis=0) - 1).max() < 1e-12 for head in heads)
    return (output.name if soft else output.spec, p.architecture.loss.spec) in EXACT and sums_to_one


def error(p: Pass, averaged: bool) -> Expression:
    """y_hat - y, perhaps over n."""
    tree = symbol("a", p.depth) - Y
    return Divide(tree, N) if averaged else tree


def shown_activation(p: Pass, layer: int) -> Expression:
    """a_l before dropout: f(z_l) where there is any."""
    return Call("f", (symbol("z", layer),), layer=layer) if f"mask{layer}" in p.values else symbol("a", layer)


def masked(p: Pass, layer: int) -> tuple[Expression, ...]:
    """The factors of dz_l before f': da_l, and the mask where there is one."""
    da = symbol("da", layer)
    return (da, Symbol("mask", layer)) if f"mask{layer}" in p.values else (da,)


def through_softmax(p: Pass, layer: int, da: Expression) -> Expression:
    """a * (da - sum_k a_k da_k), the sum over the layer, or over each group of it."""
    a, record = shown_activation(p, layer), p.rule(layer)
    groups = record.groups if isinstance(record, Softmax) else ()
    return hadamard(a, da - SumOverUnits(hadamard(a, da), axis=0, groups=groups))


def right_line(p: Pass, name: str, l2: bool = True) -> Expression:
    """The right-hand side of the right line of a quantity, for dW with its L2 term unless that is left out."""
    kind, layer = parts(name)
    tree: Expression
    if kind == "da":
        tree = symbol("W", layer + 1).T @ symbol("dz", layer + 1) if layer < p.depth else loss_slope(p)
        return over_samples(p, tree) if layer == p.depth and p.mean_in == "da" else tree
    if kind == "dz":
        if layer == p.depth and error_is_exact(p):
            tree = error(p, p.architecture.loss.averages)
        elif isinstance(p.rule(layer), Softmax):
            factors = masked(p, layer)
            tree = through_softmax(p, layer, factors[0] if len(factors) == 1 else hadamard(*factors))
        else:
            tree = hadamard(*masked(p, layer), slope(layer))
        first = layer == p.depth and (p.mean_in == "dz" or (p.mean_in == "da" and error_is_exact(p)))
        return over_samples(p, tree) if first else tree
    dz = symbol("dz", layer)
    part: Expression = dz @ symbol("a", layer - 1).T if kind == "dW" else SumOverSamples(dz, axis=1)
    if p.mean_in == "dW":
        lead = of_samples(p, dz)
        part = Divide(lead @ symbol("a", layer - 1).T if kind == "dW" else SumOverSamples(lead, axis=1), total(p))
    return part + l2_term(p, f"W{layer}") if kind == "dW" and l2 and p.architecture.l2 else part


def slope(layer: int) -> Call:
    """f_l'(z_l)."""
    return Call("f", (symbol("z", layer),), primes=1, layer=layer)


def loss_slope(p: Pass) -> Call:
    """C'(y_hat, y)."""
    return Call("C", (symbol("a", p.depth), Y), primes=1)


def l2_term(p: Pass, parameter: str, amount: float = 1.0) -> Expression:
    """l2 W / m, or so many times that."""
    number = float(f"{amount * p.architecture.l2:.6g}")
    return Divide(Multiply((Number(number), symbol(*parts(parameter)))), total(p))


def over_samples(p: Pass, tree: Expression) -> Expression:
    """s / sum(s) of it, or 1 / m."""
    return Divide(of_samples(p, tree), total(p))


def scaled(tree: Expression, number: Fraction | float, samples: int, outputs: int, p: Pass) -> Expression:
    """number * m^samples * n^outputs * tree; a mean that this cancels is left out."""
    if isinstance(tree, Divide) and tree.denominator == total(p):
        tree, samples = tree.numerator, samples - 1
    size = -number if number < 0 else number
    top: list[Expression] = [] if size == 1 else [Number(size)]
    top += [_power(total(p), samples)] * (samples > 0) + [_power(N, outputs)] * (outputs > 0)
    bottom = [_power(total(p), -samples)] * (samples < 0) + [_power(N, -outputs)] * (outputs < 0)
    whole = Multiply((*top, tree)) if top else tree
    if bottom:
        whole = Divide(whole, bottom[0] if len(bottom) == 1 else Multiply(tuple(bottom)))
    return Negative(whole) if number < 0 else whole


def _power(tree: Expression, power: int) -> Expression:
    return tree if power == 1 else Power(tree, Number(power))


def written(name: str, tree: Expression, convention: str) -> tuple[str, str]:
    """The line ``name = tree`` as text and as LaTeX, in a convention."""
    whole = Equation((left_side(name), tree if convention == "columns" else as_rows(tree)))
    return text(whole), latex(whole)


def as_rows(tree: Expression) -> Expression:
    """The same line where samples are rows: every product the other way round, sums along the other axis."""
    match tree:
        case MatMul(factors):
            return MatMul(tuple(as_rows(factor) for factor in reversed(factors)))
        case SumOverSamples(of, axis):
            return replace(tree, of=as_rows(of), axis=None if axis is None else 1 - axis)
        case SumOverUnits(of, axis):
            return replace(tree, of=as_rows(of), axis=1 - axis)
        case Symbol(sample=sample) if sample is not None:
            return replace(tree, sample_axis=0)
    return replace(tree, **{item.name: _each(getattr(tree, item.name)) for item in fields(tree)})


def _each(part: Any) -> Any:
    if isinstance(part, Expression):
        return as_rows(part)
    return tuple(_each(item) for item in part) if isinstance(part, tuple) else part
