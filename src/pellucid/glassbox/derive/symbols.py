"""Arithmetic with the symbols of SymPy: the same trees that are computed in floating point, as formulas.

Where a formula has cases (relu, |e|, max), the case is the one that holds at a given point, so a result is a formula of the smooth piece
that the point lies on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from pellucid.expressions.arithmetic import Arithmetic


class Exponential(sympy.Function):  # type: ignore[misc]  # SymPy has no annotations
    """e^u as a letter: SymPy would make e^{u + v} of a product, in which the letters are no longer seen."""

    nargs = 1

    @classmethod
    def eval(cls, u: Any) -> Any:
        """e^{-u} is 1 / e^u."""
        return 1 / cls(-u) if u.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 1) -> Any:
        """Its own derivative."""
        return self

    def _eval_evalf(self, precision: int) -> Any:
        return sympy.exp(self.args[0])._eval_evalf(precision)


_SMOOTH: dict[str, Callable[..., Any]] = {
    "exp": Exponential, "log": sympy.log, "sqrt": sympy.sqrt, "tanh": sympy.tanh, "erf": sympy.erf, "erfc": sympy.erfc, "sin": sympy.sin,
    "cos": sympy.cos, "tan": sympy.tan, "atan": sympy.atan, "sinh": sympy.sinh, "cosh": sympy.cosh,
    "expm1": lambda x: Exponential(x) - 1, "log1p": lambda x: sympy.log(1 + x), "sigmoid": lambda x: 1 / (1 + Exponential(-x)),
    "softplus": lambda x: sympy.log(1 + Exponential(x)), "normal_cdf": lambda x: sympy.erfc(-x / sympy.sqrt(2)) / 2,
    "logcosh": lambda x: sympy.log(sympy.cosh(x)),
}  # fmt: skip


@dataclass
class Piece:
    """The smooth piece around a point; ``sides`` says which cases held there, in the order in which they were asked."""

    point: dict[Any, float]
    sides: list[bool | int] = field(default_factory=list)

    def at(self, expression: Any) -> float:
        """The value of an expression at the point."""
        return float(sympy.N(sympy.sympify(expression).xreplace(self.point)))

    def noted(self, side: bool | int) -> bool | int:
        """Remember which case held."""
        self.sides.append(side)
        return side

    def compare(self, relation: str, left: Any, right: Any) -> Any:
        """The relation at the point, entry by entry."""
        holds = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__", "==": "__eq__", "!=": "__ne__"}[relation]

        def one(a: Any, b: Any) -> bool:
            return bool(self.noted(getattr(self.at(a), holds)(self.at(b))))

        return np.asarray(np.frompyfunc(one, 2, 1)(left, right), dtype=bool)

    def function(self, name: str) -> Callable[..., Any] | None:
        """A function, entry by entry."""
        cases = {"abs": self._abs, "sign": self._sign, "max": self._max, "min": self._min, "relu": lambda x: self._max(0, x)}
        compute = _SMOOTH.get(name, cases.get(name))
        if compute is None:
            return None

        def each(*arguments: Any) -> Any:
            return np.frompyfunc(compute, len(arguments), 1)(*arguments)

        return each

    def _sign(self, x: Any) -> Any:
        return self.noted(int(np.sign(self.at(x))))

    def _abs(self, x: Any) -> Any:
        return self._sign(x) * x

    def _max(self, *arguments: Any) -> Any:
        return arguments[int(self.noted(int(np.argmax([self.at(argument) for argument in arguments]))))]

    def _min(self, *arguments: Any) -> Any:
        return -self._max(*(-argument for argument in arguments))

    @property
    def arithmetic(self) -> Arithmetic:
        """For `evaluate`."""
        constants = {"pi": sympy.pi, "e": sympy.E}
        return Arithmetic(number, constants, self.function, self.compare, rounds=False)


def number(value: int | float | Fraction) -> Any:
    """A number as it is written: 0.01 is one hundredth."""
    return sympy.Rational(str(value)) if isinstance(value, float) else sympy.Rational(value)


def is_zero(expression: Any) -> bool:
    """Whether an expression is zero as a rational function of its symbols and of the exponentials, roots ... in it.

    e^{-u} is 1 / e^u, every other function of an argument is a letter of its own. A sum of products of these that cancels is zero for all
    values; the reverse need not hold, so False says only that no proof was found.
    """
    letters: dict[Any, Any] = {}

    def plain(tree: Any) -> Any:
        if tree.is_Symbol or tree.is_Rational:
            return tree
        if isinstance(tree, sympy.exp):  # from a derivative of SymPy's own, such as that of erfc
            tree = Exponential(tree.args[0])
        if tree.is_Add or tree.is_Mul or (tree.is_Pow and tree.exp.is_Integer):
            return tree.func(*(part if part.is_Integer else plain(part) for part in tree.args))
        return letters.setdefault(tree, sympy.Dummy())

    found = plain(sympy.sympify(expression))
    if not found.free_symbols:
        return bool(found == 0)
    _, value = sympy.polys.fields.sfield(found)
    return bool(value == 0)


def is_zero_with_logarithms(expression: Any, piece: Piece) -> bool:
    """The same for sums with logarithms: zero, or zero at a point and without a derivative that is not zero (log(ab) - log a - log b)."""
    if is_zero(expression):
        return True
    if not expression.has(sympy.log) or abs(piece.at(expression)) > 1e-9:
        return False
    letters = sorted(expression.free_symbols, key=str)
    return bool(letters) and all(is_zero_with_logarithms(sympy.diff(expression, letter), piece) for letter in letters)
