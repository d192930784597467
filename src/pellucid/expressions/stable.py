"""Formulas rewritten into pieces that neither overflow nor lose their digits where the formula itself does not.

========================================  ======================================
as it is written                          as it is computed
========================================  ======================================
1/(1 + e^-u), e^u/(1 + e^u)               sigmoid(u)
e^-u/(1 + e^-u)^2                         sigmoid(u) sigmoid(-u)
1 - sigmoid(u)                            sigmoid(-u)
1 + tanh(u), 1 - tanh(u)                  2 sigmoid(2u), 2 sigmoid(-2u)
(e^u - e^-u)/(e^u + e^-u), 2 σ(2u) - 1    tanh(u)
2/(e^u + e^-u), 1/cosh(u)                 sech(u)
log(1 + e^u), log(e^u + e^v)              softplus(u), u + softplus(v - u)
log(sigmoid(u)), log(cosh(u))             -softplus(-u), logcosh(u)
e^u - 1, log(1 + u)                       expm1(u), log1p(u)
cosh(u) - 1, 1 - cos(u)                   2 sinh(u/2)^2, 2 sin(u/2)^2
1 + erf(u), erfc(u)                       2 normal_cdf(√2 u), 2 normal_cdf(-√2 u)
√(u²), u sign(u), u + |u|                 |u|, |u|, 2 max(0, u)
========================================  ======================================

>>> from pellucid.expressions.parse import parse
>>> from pellucid.expressions.text import text
>>> text(stable(parse("x/(1 + exp(-x)) + log(1 + exp(2*x))")))
'x σ(x) + softplus(2 x)'
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pellucid.expressions import nodes
from pellucid.expressions.algebra import HALF, ONE, ZERO, Coefficient, Product, mapped, number, size, tidy
from pellucid.expressions.nodes import Call, Expression, Negative, Number, Power

E = Call("exp", (ONE,))
"""the base of exponentials in a `Product`"""
TWO = Number(2)
ROOT_2 = Power(TWO, Number(HALF))


def stable(tree: Expression) -> Expression:
    """The same function out of stable pieces."""
    return _rewritten(tidy(tree))


def _rewritten(tree: Expression) -> Expression:
    tree = mapped(tree, _rewritten)
    match tree:
        case nodes.Add():
            return _sum(tree)
        case Negative() | nodes.Multiply() | nodes.Divide() | Power():
            return _product(tree)
        case Call("log", (argument,), 0, None):
            return _logarithm(argument)
        case Call("relu", (argument,), 0, None):
            return Call("max", (ZERO, argument))
        case Call("erfc", (argument,), 0, None):
            return tidy(TWO * Call("normal_cdf", (tidy(-ROOT_2 * argument),)))
        case Call("log1p", (argument,), 0, None):
            return _logarithm(tidy(1 + argument))
    return tree


def settled(derivative: Expression) -> Expression:
    """A derivative with 1 - σ(u) and 1 - tanh(u)² as they are computed; the derivative of a stable formula needs no more.

    a stands for the value of the formula itself.
    """
    tree = mapped(derivative, settled)
    match tree:
        case nodes.Add((one, Negative(Call("sigmoid", (u,))))) if one == ONE:
            return Call("sigmoid", (tidy(-u),))
        case nodes.Add((one, Negative(Power(Call("tanh", _) | nodes.Symbol("a") as t, Number(2))))) if one == ONE:
            return nodes.Multiply((1 - t, 1 + t))
        case nodes.Add((Call("exp", (u,)), Negative(one))) | nodes.Add((Negative(one), Call("exp", (u,)))) if one == ONE:
            return Call("expm1", (u,))
        case nodes.Add() if (joined := over_one_line(tree)) is not None:
            return joined
        case nodes.Multiply(factors) if any(isinstance(factor, nodes.Multiply) for factor in factors):
            return nodes.Multiply(tuple(part for f in factors for part in (f.factors if isinstance(f, nodes.Multiply) else (f,))))
    return tree


def over_one_line(tree: nodes.Add) -> Expression | None:
    """A sum of fractions with one denominator, if that is shorter: 1/√(1 + x²) - x²/(1 + x²)^(3/2) = 1/(1 + x²)^(3/2)."""
    terms = [Product.of(term) for term in tree.terms]
    for base in {base for term in terms for base in term.powers if isinstance(base, nodes.Add)}:
        exponents = [number(term.powers.get(base, ZERO)) for term in terms]
        if any(exponent is None for exponent in exponents):
            continue
        known = [exponent.value for exponent in exponents if exponent is not None]
        least = min(known)
        if least >= 0 or any((exponent - least).denominator != 1 or exponent - least > 1 for exponent in known):
            continue
        above: list[Expression] = []
        for term, exponent in zip(terms, known, strict=True):
            rest = Product(term.coefficient, {b: e for b, e in term.powers.items() if b != base}).node()
            above += [rest] if exponent == least else [rest * part for part in base.terms]
        joined = tidy(nodes.Add(tuple(above)) * Power(base, Coefficient(least).node()))
        if size(joined) < size(tree):
            return joined
    return None


# Sums


def _sum(tree: nodes.Add) -> Expression:
    whole = tidy(tree)
    if not isinstance(whole, nodes.Add):
        return whole if not isinstance(whole, Negative | nodes.Multiply | nodes.Divide | Power) else _product(whole)
    terms = [Product.of(term) for term in whole.terms]
    while (pair := _pair(terms)) is not None:
        i, j, joined = pair
        terms = (
            [*[term for k, term in enumerate(terms) if k not in (i, j)], Product.of(joined)]
            if i
            else [Product.of(joined), *terms[1:j], *terms[j + 1 :]]
        )
    return tidy(nodes.Add(tuple(term.node() for term in terms))) if len(terms) > 1 else terms[0].node()


def _pair(terms: list[Product]) -> tuple[int, int, Expression] | None:
    """Two terms that make one piece: where they stand, and the piece."""
    for i, first in enumerate(terms):
        for j, second in enumerate(terms[i + 1 :], start=i + 1):
            joined = _joined(first, second)
            if joined is None:
                joined = _joined(second, first)
            if joined is not None:
                return i, j, joined
    return None


def _joined(first: Product, second: Product) -> Expression | None:
    c, d = first.coefficient.value, second.coefficient.value
    constant, number_c = not first.powers, first.coefficient.node()
    match _single(second):
        case Call(name, (u,)) if constant:
            return _constant_and_call(number_c, c, d, name, u)
        case Power(Call("tanh", _) as t, Number(2)) if constant and d == -c:
            return nodes.Multiply((number_c, 1 - t, 1 + t))
        case Call("softplus", (Negative(Call("abs", (u,))),)) if first.coefficient == second.coefficient and _single(first) in (
            Call("max", (ZERO, u)),
            Call("max", (u, ZERO)),
        ):
            return tidy(number_c * Call("softplus", (u,)))
        case Call("abs", (u,)) if c in (d, -d) and first.powers == Product.of(u).powers and first.coefficient == second.coefficient:
            return tidy(number_c * TWO * Call("max", (ZERO, u)))
    if len(second.powers) == len(first.powers) == 1 and list(first.powers) == [E] == list(second.powers):
        u, v = first.powers[E], second.powers[E]
        if tidy(u + v) == ZERO and c in (d, -d):
            return tidy(number_c * TWO * Call("cosh" if c == d else "sinh", (u,)))
    return None


def _constant_and_call(constant: Expression, c: Fraction, d: Fraction, name: str, u: Expression) -> Expression | None:
    """C + d f(u) as one piece."""
    if name == "exp" and d == -c:
        return tidy(-constant * Call("expm1", (u,)))
    if name == "sigmoid" and d == -c:
        return tidy(constant * Call("sigmoid", (tidy(-u),)))
    if name == "sigmoid" and d == -2 * c:
        return tidy(-constant * Call("tanh", (tidy(u / 2),)))
    if name == "tanh" and abs(c) == abs(d):
        return tidy(TWO * constant * Call("sigmoid", (tidy((2 if c == d else -2) * u),)))
    if name in ("cos", "cosh") and d == -c:
        half = Call("sin" if name == "cos" else "sinh", (tidy(u / 2),))
        return tidy((TWO if name == "cos" else -TWO) * constant * half**2)
    if name == "erf" and abs(c) == abs(d):
        return tidy(TWO * constant * Call("normal_cdf", (tidy((ROOT_2 if c == d else -ROOT_2) * u),)))
    return None


def _single(product: Product) -> Expression | None:
    """The one power of a product, without the coefficient."""
    if len(product.powers) != 1:
        return None
    ((base, exponent),) = product.powers.items()
    if base == E:
        return Call("exp", (exponent,))
    return base if exponent == ONE else Power(base, exponent)


# Products


def _product(tree: Expression) -> Expression:
    product = Product.of(tidy(tree))
    for change in (_roots, _denominators, _hyperbolic, _exponentials, _differences, _signs):
        change(product)
    return product.node()


def _whole(exponent: Expression) -> int | None:
    value = number(exponent)
    return int(value.value) if value is not None and value.value.denominator == 1 else None


def _roots(product: Product) -> None:
    """√(u²) is |u|."""
    for base, exponent in list(product.powers.items()):
        half = number(exponent)
        if not isinstance(base, Power) or half is None or half.value.denominator != 2:
            continue
        if (even := _whole(base.exponent)) is not None and even % 2 == 0:
            del product.powers[base]
            product.take(Power(Call("abs", (base.base,)), Number(even * half.value.numerator // 2)), 1)


def _denominators(product: Product) -> None:
    """1/(a e^u + b e^v) = e^-u σ(u - v - log(b/a))/a, and 1/cosh(u) = sech(u)."""
    for base, exponent in list(product.powers.items()):
        power = _whole(exponent)
        if power is None or power >= 0:
            continue
        if isinstance(base, Call) and base.function == "cosh":
            del product.powers[base]
            product.take(Power(Call("sech", base.arguments), Number(-power)), 1)
        elif (parts := two_exponentials(base)) is not None:
            (a, u), (b, v) = parts
            del product.powers[base]
            product.coefficient *= Coefficient(1 / a.value, a.decimal).power(-power)
            product.take(Call("exp", (tidy(Number(power) * u),)), 1)
            product.take(Power(Call("sigmoid", (tidy(u - v - _log_ratio(a, b)),)), Number(-power)), 1)


def two_exponentials(tree: Expression) -> tuple[tuple[Coefficient, Expression], tuple[Coefficient, Expression]] | None:
    """(a, u), (b, v) of a e^u + b e^v with a, b > 0; a number is one with the exponent 0, and comes first."""
    if not isinstance(tree, nodes.Add) or len(tree.terms) != 2:
        return None
    found = []
    for term in tree.terms:
        product = Product.of(term)
        if product.coefficient.value <= 0 or not set(product.powers) <= {E}:
            return None
        found.append((product.coefficient, product.powers.get(E, ZERO)))
    first, second = found
    return (second, first) if second[1] == ZERO else (first, second)


def _log_ratio(a: Coefficient, b: Coefficient) -> Expression:
    ratio = Coefficient(b.value / a.value, a.decimal or b.decimal).node()
    return ZERO if ratio == ONE else Call("log", (ratio,))


def _calls(product: Product, name: str) -> list[tuple[Call, int]]:
    """The functions of that name with whole positive powers."""
    found = []
    for base, exponent in product.powers.items():
        power = _whole(exponent)
        if isinstance(base, Call) and base.function == name and power is not None and power > 0:
            found.append((base, power))
    return found


def _hyperbolic(product: Product) -> None:
    """Sinh(u) sech(u) = tanh(u)."""
    for base, power in _calls(product, "sinh"):
        sech = Call("sech", base.arguments)
        times = min(power, dict(_calls(product, "sech")).get(sech, 0))
        if times:
            product.take(Power(Call("tanh", base.arguments), Number(times)), 1)
            product.take(Power(base, Number(-times)), 1)
            product.take(Power(sech, Number(-times)), 1)


def _exponentials(product: Product) -> None:
    """e^-u σ(u) = σ(-u)."""
    exponent = product.powers.get(E)
    if exponent is None:
        return
    for base, power in _calls(product, "sigmoid"):
        (u,) = base.arguments
        for times in range(power, 0, -1):
            if tidy(exponent + times * u) == ZERO:
                del product.powers[E]
                product.take(Power(base, Number(-times)), 1)
                product.take(Power(Call("sigmoid", (tidy(-u),)), Number(times)), 1)
                return


def _differences(product: Product) -> None:
    """Expm1(u) σ(-u) = tanh(u/2)."""
    for base, power in _calls(product, "expm1"):
        (u,) = base.arguments
        other = Call("sigmoid", (tidy(-u),))
        if (times := min(power, dict(_calls(product, "sigmoid")).get(other, 0))) > 0:
            product.take(Power(base, Number(-times)), 1)
            product.take(Power(other, Number(-times)), 1)
            half = tidy(u / 2)
            sign = isinstance(half, Negative)
            product.take(Power(Call("tanh", (half.of if isinstance(half, Negative) else half,)), Number(times)), 1)
            product.coefficient *= Coefficient(Fraction(-1 if sign and times % 2 else 1))


def _signs(product: Product) -> None:
    """U sign(u) = |u|, and |u|² = u²."""
    for base, power in _calls(product, "sign"):
        (u,) = base.arguments
        if power == 1 and product.powers.get(u) == ONE:
            del product.powers[base], product.powers[u]
            product.take(Call("abs", (u,)), 1)
    for base, power in _calls(product, "abs"):
        if power % 2 == 0:
            del product.powers[base]
            product.take(Power(base.arguments[0], Number(power)), 1)


# Logarithms


def _logarithm(argument: Expression) -> Expression:
    if (parts := two_exponentials(argument)) is not None:
        (a, u), (b, v) = parts
        return tidy(_log(a) + u + Call("softplus", (tidy(v - u + _log_ratio(a, b)),)))
    product = Product.of(argument)
    found = _log_of_power(product)
    if found is not None and product.coefficient.value > 0:
        return tidy(_log(product.coefficient) + found)
    if isinstance(argument, nodes.Add) and ONE in argument.terms:
        rest = tidy(nodes.Add(tuple(term for term in argument.terms if term != ONE)))
        return Call("log1p", (rest,))
    return Call("log", (argument,))


def _log(constant: Coefficient) -> Expression:
    return ZERO if constant.value == 1 else Call("log", (constant.node(),))


_LOGS: dict[str, Callable[[Expression], Expression]] = {
    "sigmoid": lambda u: -Call("softplus", (tidy(-u),)),
    "cosh": lambda u: Call("logcosh", (u,)),
    "sech": lambda u: -Call("logcosh", (u,)),
}


def _log_of_power(product: Product) -> Expression | None:
    """The logarithm of f(u)^n for the functions whose logarithm is a piece, and of products of them."""
    total: Expression = ZERO
    for base, exponent in product.powers.items():
        if base == E:
            total = total + exponent
        elif isinstance(base, Call) and base.function in _LOGS and len(base.arguments) == 1:
            total = total + exponent * _LOGS[base.function](base.arguments[0])
        else:
            return None
    return tidy(total) if product.powers else None
