"""The Jacobian of softmax: its two cases by the quotient rule, and both as one matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Cases, Compare, Derivative, Divide, Expression, Multiply, Negative, Number, Power, Symbol
from pellucid.glassbox.derivation import CALCULUS, Derivation, Section, Step


def softmax_jacobian(name: str = "x", at: Mapping[str, ArrayLike] | None = None) -> Derivation:
    """d softmax(x)_i / d x_k for i = k and for i != k; with values for x (and i, k, else the first two), the matrix in numbers.

    The values of the steps are those of the entry i, k = 1, 2 in the case of i != k, and of i = k = 1 in the other.
    """
    x = _vector(name, at)
    x_i, x_k = Symbol(name, index=("i",)), Symbol(name, index=("k",))
    e_i, e_k = Call("exp", (x_i,)), Call("exp", (x_k,))
    total = nodes.Sum(Call("exp", (Symbol(name, index=("j",)),)), "j", 1, "n")
    s_i, s_k = Symbol("s", index=("i",)), Symbol("s", index=("k",))

    def d(of: Expression) -> Derivative:
        return Derivative(of, x_k)

    def step(symbol: str, left: Expression, sides: tuple[Expression, ...], rule: str) -> Step:
        return Step(symbol, left, sides, rule, CALCULUS)

    definition = Divide(e_i, total)
    square = Power(total, Number(2))
    quotient = Divide(d(e_i) * total - e_i * d(total), square)
    function = Section(
        "The function",
        (step("s_i", s_i, (definition,), "softmax: all entries positive, their sum 1"),),
        f"A vector-valued function: each entry depends on all of {name}, so its derivative is a matrix.",
    )
    off = Section(
        "First case: i ≠ k",
        (
            step("d e^x_i", d(e_i), (Number(0),), f"e^{name}_i does not depend on {name}_k"),
            step("d sum", d(total), (e_k,), f"sum rule: one term of the sum depends on {name}_k"),
            step(
                "J off",
                d(s_i),
                (
                    quotient,
                    Divide(Number(0) * total - Multiply((e_i, e_k)), square),
                    Negative(Divide(Multiply((e_i, e_k)), square)),
                    Negative(Multiply((Divide(e_i, total), Divide(e_k, total)))),
                    Negative(Multiply((s_i, s_k))),
                ),
                "quotient rule: (f'g - f g')/g²",
            ),
        ),
    )
    on = Section(
        "Second case: i = k",
        (
            step("d e^x_i, i = k", Derivative(e_i, x_i), (e_i,), "derivative of the exponential: it stays as it is"),
            step("d sum, i = k", Derivative(total, x_i), (e_i,), f"sum rule: one term of the sum depends on {name}_i"),
            step(
                "J on",
                Derivative(s_i, x_i),
                (
                    Divide(Derivative(e_i, x_i) * total - e_i * Derivative(total, x_i), square),
                    Divide(Multiply((e_i, total)) - Multiply((e_i, e_i)), square),
                    Multiply((Divide(e_i, total), Divide(total - e_i, total))),
                    Multiply((Divide(e_i, total), 1 - Divide(e_i, total))),
                    Multiply((s_i, 1 - s_i)),
                ),
                "quotient rule: (f'g - f g')/g²",
            ),
        ),
    )
    cases = Cases(((Multiply((s_i, 1 - s_i)), Compare(Symbol("i"), "==", Symbol("k"))),), Negative(Multiply((s_i, s_k))))
    s = Symbol("s")
    matrix = nodes.Diagonal(s) - nodes.MatMul((s, s.T))
    both = Section(
        "Both cases",
        (
            step("J_ik", d(s_i), (cases,), "the two cases together"),
            step("J", Symbol("J"), (matrix,), "the same as a matrix: s on the diagonal, less the products s_i s_k"),
        ),
    )
    sections = (function, off, on, both)
    title = f"The Jacobian of softmax({name})"
    if x is None:
        return Derivation(title, sections, {}, convention="")
    e = np.exp(x - x.max())
    values: dict[str, Any] = {name: x, "s": (e / e.sum()).reshape(-1, 1), "n": len(x), "i": 1, "k": 2}
    return Derivation(title, tuple(_valued(section, values) for section in sections), values, convention="")


def _vector(name: str, at: Any) -> np.ndarray[Any, Any] | None:
    if at is None:
        return None
    expected = f"two or more finite numbers for {name}"
    if not isinstance(at, Mapping) or set(at) != {name}:
        raise InputError(sentence("at", "differentiate", repr(at), expected, f"e.g. {{{name!r}: [1, 2, 3]}}"))
    try:
        x = np.asarray(at[name], dtype=float)
    except (TypeError, ValueError):
        x = np.array(np.nan)
    if x.ndim != 1 or len(x) < 2 or not np.isfinite(x).all():
        raise InputError(sentence("at", "differentiate", repr(at[name]), expected, f"e.g. {{{name!r}: [1, 2, 3]}}"))
    return x


def _valued(section: Section, values: Mapping[str, Any]) -> Section:
    from dataclasses import replace

    return replace(section, steps=tuple(replace(step, value=step.evaluate(values)) for step in section.steps))
