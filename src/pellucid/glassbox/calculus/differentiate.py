"""differentiate: a text or a record in, a derivation out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from pellucid.equations.activations import Activation
from pellucid.equations.losses import Loss
from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.algebra import names, size, substitute, tidy
from pellucid.expressions.arithmetic import CONSTANTS
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Call, Derivative, Expression, Number, Symbol
from pellucid.expressions.parse import depth, parse
from pellucid.expressions.text import text
from pellucid.glassbox.calculus.closing import in_terms_of_itself, shorter
from pellucid.glassbox.calculus.rules import Names, Rules, unfolded
from pellucid.glassbox.calculus.softmax import softmax_jacobian
from pellucid.glassbox.derivation import CALCULUS, Derivation, Section, Step

WHERE = "differentiate"
MAX_SIZE = 150
"""numbers, names and signs; more would fill no page"""
MAX_DEPTH = 25


def differentiate(
    expression: str | Activation | Loss,
    wrt: str | Sequence[str] | None = None,
    at: Mapping[str, float] | None = None,
) -> Derivation:
    r"""The derivative of a formula, one `Step` for each rule of calculus that it takes.

    Every step is an equation whose last side can be evaluated: constant, identity, sum, constant multiple, product, quotient, power,
    exponential, logarithm and the other functions, and the chain rule dy/dx = dy/du du/dx, for which the inner function is named u and put
    back in the end. The derivative at a kink is the right one (that of max(0, x) is 1 at 0), but that of \|x\| is 0 at 0.

    Args:
        expression: a formula such as ``"x^2 + 2xy + y^2"``, with ``+ - * / ^``, products without a sign, functions (exp, log, sqrt, sin,
            cos, tanh, sigmoid, max ...) and cases (``"x if x >= 0 else 0.01x"``); or an activation or a loss of the catalogue. The
            formula ``"softmax(x)"`` gives the two cases of its Jacobian matrix.
        wrt: the name to derive by; several for the partial derivatives and the gradient. Left out, the only name that there is.
        at: a value for each name; every step then has its value.

    Returns:
        A `Derivation`; ``["f'"]`` is the step with the result, for several names ``["df/dx"]``, ``["df/dy"]`` and ``["grad f"]``.

    Raises:
        FormulaError: the text is no formula (the message has a mark under the place), or too large for one.
        InputError: a name or a value is missing, or is not what it should be.

    >>> import pellucid as pl
    >>> print(pl.differentiate("(3x)^2", "x")["f'"].text)
    f'(x) = 18 x
    >>> steps = pl.differentiate("1/(1 + e^-x)", at={"x": 0})
    >>> print(steps["f'"].text, float(steps["f'"].value))
    f'(x) = e^(-x)/(1 + e^(-x))² 0.25
    >>> print(pl.differentiate("x^2 + 2xy + y^2", ["x", "y"])["grad f"].text)
    ∇ f = [2 x + 2 y; 2 x + 2 y]

    Source: any textbook of calculus; the notation is that of the notes on backward propagation.

    """
    given = _given(wrt)
    if isinstance(expression, Activation) and expression.name == "softmax":  # of groups, the Jacobian of each
        return softmax_jacobian("z", at)
    if isinstance(expression, str) and (match := re.fullmatch(r"\s*softmax\s*\(\s*([a-z])\s*\)\s*", expression)):
        return softmax_jacobian(match[1], at)
    tree, title = _tree(expression, [*given, *(at if isinstance(at, Mapping) else ())])
    found = names(tree)
    by = given or [_only_name(found)]
    if isinstance(expression, Activation | Loss) and not set(by) <= set(found):
        raise InputError(sentence("wrt", WHERE, ", ".join(by), f"one of {', '.join(found)}", "derive by the names of the formula"))
    everything = list(dict.fromkeys([*found, *by]))
    return _Work(tree, title, [Symbol(name) for name in by], everything).derivation(None if at is None else _point(at, everything))


def _given(wrt: Any) -> list[str]:
    listed = [wrt] if isinstance(wrt, str) else [] if wrt is None else list(wrt) if isinstance(wrt, Sequence) else [wrt]
    for name in listed:
        if not isinstance(name, str) or re.fullmatch(r"[A-Za-z][A-Za-z_0-9]*", name) is None or name in CONSTANTS:
            raise InputError(sentence("wrt", WHERE, repr(name), "a name, or a list of names", "e.g. 'x' or ['x', 'y']"))
    if len(set(listed)) < len(listed):
        raise InputError(sentence("wrt", WHERE, ", ".join(listed), "each name once", "leave the second out"))
    return listed


def _tree(expression: Any, known: list[str]) -> tuple[Expression, str]:
    if isinstance(expression, Activation | Loss):
        return parse(expression.formula), expression.spec
    if not isinstance(expression, str):
        got = f"a {type(expression).__name__}"
        raise InputError(sentence("the formula", WHERE, got, "a text, an activation or a loss", "e.g. 'x^2'"))
    tree = parse(expression, implicit=True, whole=known)
    for what, found, limit in (("number of parts", size(tree), MAX_SIZE), ("depth", depth(tree), MAX_DEPTH)):
        if found > limit:
            raise InputError(sentence(f"the {what}", WHERE, found, f"at most {limit}", "derive a shorter formula, or a part of it"))
    return tree, text(tree)


def _only_name(found: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    if not found:
        return "x"
    raise InputError(sentence("wrt", WHERE, "left out", f"one of {', '.join(found)}", f"choose one or more, e.g. {found[0]!r}"))


def _point(at: Any, needed: list[str]) -> dict[str, float]:
    values = {needed[0]: at} if isinstance(at, Real) and len(needed) == 1 else at
    if not isinstance(values, Mapping) or set(values) != set(needed):
        got = ", ".join(map(str, values)) if isinstance(values, Mapping) else repr(at)
        example = ", ".join(f"{name!r}: 2" for name in needed)
        raise InputError(sentence("at", WHERE, got or "empty", f"a value for each of {', '.join(needed)}", f"e.g. {{{example}}}"))
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise InputError(sentence(f"the value of {name}", WHERE, repr(value), "a finite number", "e.g. 2"))
    return {name: int(value) if isinstance(value, Integral) else float(value) for name, value in values.items()}


class _Work:
    """One call: the function, the names to derive by, and the sections as they are made."""

    def __init__(self, tree: Expression, title: str, by: list[Symbol], everything: list[str]) -> None:
        self.tree, self.title, self.by, self.everything = tree, title, by, everything
        self.arguments = tuple(Symbol(name) for name in everything)
        self.name = next(name for name in ("f", "g", "h", "F", "G", "H", "f_0") if name not in everything)
        self.inner = Names({*everything, self.name})
        self.partial = len(everything) > 1

    def derivation(self, point: dict[str, float] | None) -> Derivation:
        """All sections, with the values at a point if there is one."""
        meant = unfolded(self.tree)
        f = Call(self.name, self.arguments)
        rule = "the function" if meant is None else "the function, and what it is short for"
        given = Step(self.name, f, (self.tree,) if meant is None else (self.tree, meant), rule, CALCULUS)
        sections = [Section("The function", (given,))]
        start = self.tree if meant is None else meant
        results = []
        for name in self.by:
            found = Rules(name, self.partial, self.inner).derive(start)
            sections.append(Section(f"The rules, by {text(name)}", found.steps))
            result, closing = self._result(start, found.value, name)
            results.append(result)
            sections.append(Section("The result", closing))
        if len(self.by) > 1:
            column = nodes.Matrix(tuple((result,) for result in results))
            left = nodes.Multiply((Symbol("nabla"), Symbol(self.name)))
            gradient = Step(f"grad {self.name}", left, (column,), "the gradient: all partial derivatives", CALCULUS, (len(self.by), 1))
            sections.append(Section("The gradient", (gradient,)))
        title = f"The derivative of {self.title}"
        if point is None:
            return Derivation(title, tuple(sections), {}, convention="")
        sections.append(self._at(point, results))
        values = self._values(point)
        return Derivation(title, tuple(_valued(section, values) for section in sections), values, convention="")

    def _result(self, start: Expression, value: Expression, by: Symbol) -> tuple[Expression, tuple[Step, ...]]:
        """The result as it is left, and the steps to it from what the rules gave."""
        left, symbol = self._left(by)
        lines = None if self.partial else in_terms_of_itself(start, value, Call(self.name, (by,)), by)
        if lines is not None:
            result = Step(symbol, left, (value,), "what the rules give", CALCULUS)
            return value, (result, Step(f"{symbol} by {self.name}", left, (value, *lines), f"in terms of {self.name} itself", CALCULUS))
        short = None if self.partial else shorter(value)  # of several names, terms that belong together stay together
        if short is None:
            return value, (Step(symbol, left, (value,), "what the rules give", CALCULUS),)
        return short[0], (Step(symbol, left, (value, short[0]), f"what the rules give, {short[1]}", CALCULUS),)

    def _left(self, by: Symbol) -> tuple[Expression, str]:
        if self.partial:
            return Derivative(Symbol(self.name), by), f"d{self.name}/d{by.key}"
        return Call(self.name, (by,), primes=1), f"{self.name}'"

    def _at(self, point: Mapping[str, float], results: list[Expression]) -> Section:
        numbers: dict[Expression, Expression] = {Symbol(name): Number(value) for name, value in point.items()}
        steps = [self._value_step(self.name, Call(self.name, self.arguments), self.tree, numbers)]
        for name, result in zip(self.by, results, strict=True):
            left, symbol = self._left(name)
            steps.append(self._value_step(symbol, left, result, numbers))
        at = ", ".join(f"{text(name)} = {text(value)}" for name, value in numbers.items())
        return Section(f"At {at}", tuple(steps))

    def _value_step(self, symbol: str, left: Expression, tree: Expression, numbers: Mapping[Expression, Expression]) -> Step:
        put_in = substitute(tree, numbers)
        with np.errstate(all="ignore"):
            value = _number(evaluate(put_in, {}))
        exact = tidy(put_in)
        if not isinstance(exact, Number) or not math.isfinite(value):
            exact = Number(value)
        shown = substitute(left, numbers) if isinstance(left, Call) else left
        return Step(f"{symbol} there", shown, (put_in, exact), "the numbers put in", CALCULUS)

    def _values(self, point: Mapping[str, float]) -> dict[str, Any]:
        values: dict[str, Any] = dict(point)
        for inner, name in self.inner.given.items():
            with np.errstate(all="ignore"):
                values[name.key] = _number(evaluate(inner, values))

        def f(*arguments: Any) -> Any:
            return evaluate(self.tree, dict(zip(self.everything, arguments, strict=True)))

        values[self.name] = f
        return values


def _number(value: Any) -> int | float:
    return value if isinstance(value, int) else float(value)


def _valued(section: Section, values: Mapping[str, Any]) -> Section:
    def valued(step: Step) -> Step:
        with np.errstate(all="ignore"):
            value = step.evaluate(values)
        value = _number(value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)
        return replace(step, value=value, steps=tuple(map(valued, step.steps)))

    return replace(section, steps=tuple(map(valued, section.steps)))
