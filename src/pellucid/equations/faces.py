"""The two computing faces of a formula in stable pieces: a function of arrays of any library, and the text for machine code."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from pellucid.equations import arrays
from pellucid.equations.arrays import Array, namespace
from pellucid.expressions import nodes
from pellucid.expressions.algebra import names
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Expression

Values = dict[str, Array]
Compute = Callable[[Values, Any], Any]
"""the value of a part, given the arrays by name and the library that they belong to; a number where it has no names"""


def number_of(tree: Expression) -> int | float | None:
    """The value of a part without names."""
    if names(tree):
        return None
    value = evaluate(tree, {})
    return value if isinstance(value, int) and abs(value) < 2**31 else float(value)


def function_of(tree: Expression, *arguments: str) -> Callable[..., Array]:
    """The formula as a function of arrays, of the dtype of the first; complex ones are taken on the branch of their real part."""
    compute = _compute(tree)

    def function(*given: Array) -> Array:
        like = given[0]
        xp = namespace(like)
        values = dict(zip(arguments, given, strict=True))
        result = compute(values, xp)
        if isinstance(result, int | float):
            return xp.full_like(like, result)
        return result if result.dtype == like.dtype else xp.astype(result, like.dtype)

    return function


def _compute(tree: Expression) -> Compute:
    constant = number_of(tree)
    if constant is not None:
        return lambda values, xp: constant
    match tree:
        case nodes.Symbol(key=key):
            return lambda values, xp: values[key]
        case nodes.Negative(of):
            inner = _compute(of)
            return lambda values, xp: -inner(values, xp)
        case nodes.Add(terms):
            return _folded(terms, lambda a, b: a + b)
        case nodes.Multiply(factors):
            rest, logarithm = _with_logarithm(tree)
            if logarithm is None:
                return _folded(factors, lambda a, b: a * b)
            return _weighted(_compute(rest), logarithm)
        case nodes.Divide(numerator, denominator, zero_wins):
            above, below = _compute(numerator), _compute(denominator)
            if zero_wins:
                return lambda values, xp: _ratio(xp, above(values, xp), below(values, xp))
            return lambda values, xp: above(values, xp) / below(values, xp)
        case nodes.Power(base, exponent):
            return _power(_compute(base), exponent)
        case nodes.Call(function, parts) if function in PIECES:
            piece, given = PIECES[function], [_compute(part) for part in parts]
            return lambda values, xp: piece(xp, *(part(values, xp) for part in given))
        case nodes.Cases():
            return _cases(tree)
    raise NotImplementedError(type(tree).__name__)


def _folded(parts: tuple[Expression, ...], join: Callable[[Any, Any], Any]) -> Compute:
    computed = [_compute(part) for part in parts]
    return lambda values, xp: reduce(join, (part(values, xp) for part in computed))


def _power(base: Compute, exponent: Expression) -> Compute:
    power = number_of(exponent)
    if power is None:
        moving = _compute(exponent)
        return lambda values, xp: base(values, xp) ** moving(values, xp)
    if power == 0.5:
        return lambda values, xp: xp.sqrt(base(values, xp))
    return lambda values, xp: base(values, xp) ** power


def _cases(tree: nodes.Cases) -> Compute:
    branches = [(_compute(value), _condition(condition)) for value, condition in tree.branches]
    last = _compute(tree.otherwise)

    def compute(values: Values, xp: Any) -> Any:
        dtype = next(iter(values.values())).dtype
        result = xp.asarray(last(values, xp), dtype=dtype)
        for value, holds in reversed(branches):
            result = xp.where(holds(values, xp), xp.asarray(value(values, xp), dtype=dtype), result)
        return result

    return compute


def _condition(condition: nodes.Compare) -> Compute:
    left, right = _compute(condition.left), _compute(condition.right)
    also = None if condition.also is None else _condition(condition.also)
    relation = condition.relation

    def compute(values: Values, xp: Any) -> Any:
        a, b = (side if isinstance(side, int | float) else xp.real(side) for side in (left(values, xp), right(values, xp)))
        holds = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[relation]
        return holds if also is None else holds & also(values, xp)

    return compute


def _with_logarithm(tree: nodes.Multiply) -> tuple[Expression, nodes.Call | None]:
    """What a logarithm is multiplied by, if that is made of targets only: where y is 0, y log(y_hat) is 0 whatever y_hat is."""
    logarithms = [factor for factor in tree.factors if isinstance(factor, nodes.Call) and factor.function in ("log", "log1p")]
    rest = tuple(factor for factor in tree.factors if factor not in logarithms)
    if len(logarithms) != 1 or not rest or {name for factor in rest for name in names(factor)} != {"y"}:
        return tree, None
    return (rest[0] if len(rest) == 1 else nodes.Multiply(rest)), logarithms[0]


# Pieces over arrays


def _weighted(weight: Compute, logarithm: nodes.Call) -> Compute:
    """Weight times log(u), and 0 where the weight is 0 whatever u is."""
    argument, harmless = _compute(logarithm.arguments[0]), 1 if logarithm.function == "log" else 0
    log = PIECES[logarithm.function]

    def compute(values: Values, xp: Any) -> Any:
        w = weight(values, xp)
        return xp.where(w == 0, 0, w * log(xp, xp.where(w == 0, harmless, argument(values, xp))))

    return compute


def _ratio(xp: Any, above: Any, below: Any) -> Any:
    return xp.where(above == 0, 0, above / xp.where(above == 0, 1, below))


def _abs(xp: Any, x: Array) -> Array:
    return xp.where(arrays.not_negative(x), x, -x)


def _picked(larger: bool) -> Callable[..., Array]:
    def pick(xp: Any, *parts: Any) -> Any:
        def two(a: Any, b: Any) -> Any:
            if not any(hasattr(x, "dtype") and xp.isdtype(x.dtype, "complex floating") for x in (a, b)):
                return xp.maximum(a, b) if larger else xp.minimum(a, b)
            first = (xp.real(a) >= xp.real(b)) if larger else (xp.real(a) <= xp.real(b))
            return xp.where(first, a, b)

        return reduce(two, parts)

    return pick


def _logcosh(xp: Any, x: Array) -> Array:
    """|x| - log 2 for large x; else log(1 + E^2 / (2 e^-|x|)), E = e^-|x| - 1, which keeps its digits where it is about x^2 / 2."""
    size = _abs(xp, x)
    far = xp.real(size) > 20
    near = xp.where(far, 1, size)
    e = xp.expm1(-near)
    return xp.where(far, size - math.log(2), arrays.log1p(e * e / (2 * xp.exp(-near))))


def _sech(xp: Any, x: Array) -> Array:
    e = xp.exp(-_abs(xp, x))
    return 2 * e / (1 + e * e)


def _plain(name: str) -> Callable[..., Array]:
    return lambda xp, x: getattr(xp, name)(x)


PIECES: dict[str, Callable[..., Array]] = {
    **{name: _plain(name) for name in ("exp", "expm1", "log", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh")},
    "log1p": lambda xp, x: arrays.log1p(x),
    "sigmoid": lambda xp, x: arrays.sigmoid(x),
    "softplus": lambda xp, x: arrays.softplus(x),
    "normal_cdf": lambda xp, x: arrays.normal_cdf(x),
    "erf": lambda xp, x: arrays.erf(x),
    "abs": _abs,
    "sign": lambda xp, x: xp.sign(xp.real(x)),
    "sech": _sech,
    "logcosh": _logcosh,
    "max": _picked(larger=True),
    "min": _picked(larger=False),
}
"""each function of a stable formula over arrays: of the library, then of its arguments"""


# The text for machine code


def text_of(tree: Expression) -> str:
    """The formula in the words that compiled engines know, with every number worked out.

    >>> from pellucid.expressions.parse import parse
    >>> text_of(parse("z**3 / 2 if z > 0 else max(z, -1)"))
    'where(z > 0, 0.5 * (z * square(z)), largest(z, -1))'
    """
    constant = number_of(tree)
    if constant is not None:
        return repr(constant)
    match tree:
        case nodes.Symbol(key=key):
            return key
        case nodes.Negative(of):
            return f"-{_bracketed(of)}"
        case nodes.Add(terms):
            first, *rest = terms
            signed = [f" - {_bracketed(t.of)}" if isinstance(t, nodes.Negative) else f" + {_bracketed(t)}" for t in rest]
            return text_of(first) + "".join(signed)
        case nodes.Multiply():
            return _product_text(tree)
        case nodes.Divide(numerator, denominator, zero_wins):
            divisor = number_of(denominator)
            if divisor is not None:
                return _product_text(nodes.Multiply((nodes.Number(1 / divisor), numerator)))
            if zero_wins:
                return f"ratio({text_of(numerator)}, {text_of(denominator)})"
            return f"{_bracketed(numerator)} / {_bracketed(denominator)}"
        case nodes.Power(base, exponent):
            return _power_text(base, exponent)
        case nodes.Call("max" | "min" as which, parts):
            word = {"max": "largest", "min": "smallest"}[which]
            return reduce(lambda left, right: f"{word}({left}, {right})", map(text_of, parts))
        case nodes.Call(function, (argument,)):
            return f"{function}({text_of(argument)})"
        case nodes.Cases(branches, otherwise):
            text = text_of(otherwise)
            for value, condition in reversed(branches):
                text = f"where({_condition_text(condition)}, {text_of(value)}, {text})"
            return text
    raise NotImplementedError(type(tree).__name__)


def _bracketed(tree: Expression) -> str:
    text = text_of(tree)
    plain = isinstance(tree, nodes.Symbol | nodes.Call | nodes.Cases) or (number_of(tree) is not None and not text.startswith("-"))
    return text if plain or text.replace("_", "a").isalnum() else f"({text})"


def _product_text(tree: nodes.Multiply) -> str:
    rest, logarithm = _with_logarithm(tree)
    if logarithm is not None:
        weight = text_of(rest)
        return f"where({_bracketed(rest)} == 0, 0, ({weight}) * {text_of(logarithm)})"
    flat: list[Expression] = []
    for factor in tree.factors:
        flat += factor.factors if isinstance(factor, nodes.Multiply) else [factor]
    known = [number_of(factor) for factor in flat]
    number = math.prod(value for value in known if value is not None)
    texts = [_bracketed(factor) for factor, value in zip(flat, known, strict=True) if value is None]
    if number == -1:
        return "-" + " * ".join(texts)
    return " * ".join([repr(number) if number >= 0 else f"({number!r})", *texts] if number != 1 else texts)


def _power_text(base: Expression, exponent: Expression) -> str:
    power = number_of(exponent)
    if power is None:
        return f"exp({_bracketed(exponent)} * log({text_of(base)}))"
    if power < 0:
        return f"1 / ({_power_text(base, nodes.Number(-power))})"
    if power == int(power):
        return _whole_power_text(text_of(base), int(power))
    if power * 2 == int(power * 2):
        root = f"sqrt({text_of(base)})"
        whole = int(power)
        return root if not whole else f"{root} * ({_whole_power_text(text_of(base), whole)})"
    return f"exp({power!r} * log({text_of(base)}))"


def _whole_power_text(base: str, power: int) -> str:
    """By squares: x^5 = x (x^2)^2."""
    if power == 1:
        return f"({base})" if not base.isidentifier() else base
    half = f"square({_whole_power_text(base, power // 2)})" if power > 3 else f"square({base})"
    return half if power % 2 == 0 else f"{_whole_power_text(base, 1)} * {half}"


def _condition_text(condition: nodes.Compare) -> str:
    text = f"{text_of(condition.left)} {condition.relation} {text_of(condition.right)}"
    return text if condition.also is None else f"({text}) & ({_condition_text(condition.also)})"
