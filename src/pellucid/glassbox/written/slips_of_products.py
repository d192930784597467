"""Slips in products, sums, fractions and numbers: order, kind, a factor or a term too many, signs, exponents."""

from __future__ import annotations

from fractions import Fraction

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Name, Product
from pellucid.glassbox.written.places import Put
from pellucid.glassbox.written.slips import Edit, Edits, Surroundings, number_text, shown


def of_product(factors: tuple[Expression, ...], signs: tuple[str, ...], put: Put, around: Surroundings) -> Edits:
    """Another order or kind of product, a factor too many."""
    for index in range(len(factors) - 1):
        swapped = (*factors[:index], factors[index + 1], factors[index], *factors[index + 2 :])
        if not around.entries and signs[index] != "⊙":
            yield Edit("wrong order", "the factors stand in the wrong order", put(product_of(swapped, signs)), 1)
            both = (*factors[:index], _flipped(factors[index + 1]), _flipped(factors[index]), *factors[index + 2 :])
            yield Edit("transposed", "the product is transposed", put(product_of(both, signs)), 2)
    for index, sign in enumerate(signs):
        if sign == "⊙" or (sign in ("*", "×") and around.strict):
            told = "an element-wise product stands where a matrix product belongs"
            yield Edit("element-wise product where a matrix product belongs", told, put(_resigned(factors, signs, index, "@")), 1)
        if sign == "@":
            told = "a matrix product stands where an element-wise product belongs"
            yield Edit("matrix product where an element-wise product belongs", told, put(_resigned(factors, signs, index, "⊙")), 1)
    for index in range(len(factors)):
        rest = (*factors[:index], *factors[index + 1 :])
        between = signs[1:] if index == 0 else (*signs[: index - 1], *signs[index:])
        cause = f"factor {number_text(value)}" if (value := _number(factors[index])) is not None else "extra factor"
        yield Edit(cause, f"the factor {shown(factors[index])} does not belong there", put(product_of(rest, between)), 2)
    for index in range(len(factors) - 1):
        if len(factors) > 2:
            rest = (*factors[:index], *factors[index + 2 :])
            between = (signs[2:] if index == 0 else (*signs[: index - 1], *signs[index + 1 :]))[: len(rest) - 1]
            told = f"the factors {shown(factors[index])} and {shown(factors[index + 1])} do not belong there"
            yield Edit("extra factor", told, put(product_of(rest, between)), 3)


def product_of(factors: tuple[Expression, ...], signs: tuple[str, ...]) -> Expression:
    """The product of factors with signs between them."""
    if len(factors) == 1:
        return factors[0]
    if set(signs) == {"@"}:
        return nodes.MatMul(factors)
    return nodes.Multiply(factors, marked=True) if set(signs) == {"⊙"} else Product(factors, signs)


def _resigned(factors: tuple[Expression, ...], signs: tuple[str, ...], index: int, sign: str) -> Expression:
    return product_of(factors, (*signs[:index], sign, *signs[index + 1 :]))


def _flipped(tree: Expression) -> Expression:
    return tree.of if isinstance(tree, nodes.Transpose) else nodes.Transpose(tree)


def of_terms(terms: tuple[Expression, ...], put: Put) -> Edits:
    """A sign, a term too many, a factor of a term."""
    for index, term in enumerate(terms):
        other = term.of if isinstance(term, nodes.Negative) else nodes.Negative(term)
        before, after = terms[:index], terms[index + 1 :]
        yield Edit("wrong sign", f"the sign of {shown(term)} is wrong", put(nodes.Add((*before, other, *after))), 2)
        rest = (*before, *after)
        yield Edit("extra term", f"the term {shown(term)} does not belong there", put(rest[0] if len(rest) == 1 else nodes.Add(rest)), 3)
        for factor, cause in (
            (nodes.Divide(nodes.Number(1), Name("m")), "missing 1/m"), (Name("m"), "extra 1/m"), (nodes.Number(2), "factor 1/2"),
            (nodes.Divide(nodes.Number(1), nodes.Number(2)), "factor 2"), (Name("alpha"), "learning rate missing"),
        ):  # fmt: skip
            scaled = nodes.Multiply((factor, term))
            yield Edit(cause, f"{cause} in the term {shown(term)}", put(nodes.Add((*before, scaled, *after))), 3)


def of_quotient(above: Expression, below: Expression, put: Put) -> Edits:
    """A fraction upside down, a denominator too many or not squared."""
    yield Edit("upside down", "the fraction is upside down", put(nodes.Divide(below, above)), 2)
    told = f"the denominator {shown(below)} does not belong there"
    yield Edit("extra 1/m" if below == Name("m") else "extra denominator", told, put(above), 2)
    yield Edit(
        "denominator not squared", "the denominator must be squared", put(nodes.Divide(above, nodes.Power(below, nodes.Number(2)))), 2
    )


def of_power(base: Expression, exponent: Expression, put: Put) -> Edits:
    """Another exponent."""
    yield Edit("wrong exponent", f"the power of {shown(base)} does not belong there", put(base), 2)
    if isinstance(exponent, nodes.Number):
        value = exponent.value
        for other in dict.fromkeys((value / 2, value * 2, value - 1, value + 1, -value)):
            number = int(other) if float(other).is_integer() else float(other)
            told = f"the exponent {number_text(value)} of {shown(base)} should be {number_text(number)}"
            cause = "squared denominator" if (value, number) == (4, 2) else "wrong exponent"
            yield Edit(cause, told, put(nodes.Power(base, nodes.Number(number))), 1 if number in (value / 2, value * 2) else 2)


def of_number(value: float | Fraction, put: Put) -> Edits:
    """Another number."""
    for other in dict.fromkeys((-value, value + 1, value - 1, 2 * value, value / 2, 1 / value if value else 1)):
        if other != value:
            number = int(other) if float(other).is_integer() else float(other)
            cause = (
                "wrong sign"
                if other == -value
                else "factor 2"
                if other == value / 2
                else "factor 1/2"
                if other == 2 * value
                else "wrong number"
            )
            yield Edit(cause, f"the number {number_text(value)} should be {number_text(number)}", put(nodes.Number(number)), 3)


def _number(tree: Expression) -> float | None:
    return float(tree.value) if isinstance(tree, nodes.Number) else None
