"""A tree as one line of Unicode, for terminals: z₃^[1] = w₃₁^[1] x₁ + b₃^[1]."""

from __future__ import annotations

from fractions import Fraction

from pellucid.expressions import nodes
from pellucid.expressions.latex import GREEK, element_name, index_text, joined_by_signs, name_parts
from pellucid.expressions.nodes import Expression
from pellucid.expressions.precedence import (
    ATOM,
    COMPARISON,
    POWER,
    PRODUCT,
    SUM,
    binding,
    is_operator,
    leading_minus,
    needs_brackets,
    without_minus,
)

RELATIONS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_BELOW = str.maketrans("0123456789+-aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_ABOVE = str.maketrans("0123456789-nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿᵀ")
_FUNCTIONS = {"sigmoid": "σ", "normal_cdf": "Φ"}


def text(tree: Expression, digits: int = 6) -> str:
    """A tree as one line; decimal numbers to so many digits.

    >>> text(nodes.Symbol("W", 1, (3, 2)) * nodes.Symbol("x", index=(2,)))
    'w₃₂^[1] x₂'
    """

    def within(child: Expression, at_least: int) -> str:
        inner = text(child, digits)
        return f"({inner})" if binding(child) < at_least else inner

    def term(tree: Expression) -> tuple[bool, str]:
        if not leading_minus(tree):
            return False, within(tree, SUM)
        rest = without_minus(tree)
        return True, f"({text(rest, digits)})" if leading_minus(rest) else within(rest, PRODUCT)

    def product(factors: tuple[Expression, ...], marked: bool) -> str:
        last, joined = len(factors) - 1, ""
        for index, factor in enumerate(factors):
            inner = text(factor, digits)
            inner = f"({inner})" if needs_brackets(factor, index == 0, index == last, marked) else inner
            sign = "⊙ " if marked else "· " if inner[:1].isdigit() else ""
            joined += f" {sign}{inner}" if index else inner
        return joined

    match tree:
        case nodes.Number(value):
            return number_text(value, digits)
        case nodes.Symbol():
            return symbol_text(tree)
        case nodes.Negative(of):
            return f"-({text(of, digits)})" if leading_minus(of) else f"-{within(of, PRODUCT)}"
        case nodes.Add(terms):
            return joined_by_signs([term(part) for part in terms])
        case nodes.Multiply(factors, marked):
            return product(factors, marked)
        case nodes.MatMul(factors):
            return product(factors, marked=False)
        case nodes.Divide(numerator, denominator):
            return f"{within(numerator, PRODUCT)}/{within(denominator, POWER)}"
        case nodes.Power(base, nodes.Number(value)) if value == Fraction(1, 2):
            return f"√{within(base, ATOM)}"
        case nodes.Power(base, nodes.Number(value)) if isinstance(value, int):
            inner = text(base, digits)
            plain = isinstance(base, nodes.Symbol) and base.layer is None and base.sample is None
            simple = plain or (isinstance(base, nodes.Number | nodes.Call) and binding(base) == ATOM)
            return f"{inner if simple else f'({inner})'}{str(value).translate(_ABOVE)}"
        case nodes.Power(base, exponent):
            above = within(exponent, ATOM)
            return f"{within(base, ATOM)}^{f'({above})' if '/' in above and above[0] != '(' else above}"
        case nodes.Transpose(of):
            return f"{within(of, ATOM)}ᵀ"
        case nodes.Call("exp", (argument,)):
            plain = isinstance(argument, nodes.Symbol) and argument.layer is None and argument.sample is None
            return f"e^{within(argument, ATOM)}" if plain or isinstance(argument, nodes.Number) else f"e^({text(argument, digits)})"
        case nodes.Call("abs", (argument,)):
            return f"|{text(argument, digits)}|"
        case nodes.Call("sqrt", (argument,)):
            return f"√{within(argument, ATOM)}"
        case nodes.Call(function, arguments, primes, layer):
            above = "" if layer is None else f"^[{layer}]"
            inner = ", ".join(text(argument, digits) for argument in arguments)
            return f"{_FUNCTIONS.get(function, GREEK.get(function, function))}{chr(39) * primes}{above}({inner})"
        case nodes.Compare(left, relation, right, nodes.Compare(between) as also) if between == right:
            return f"{within(left, SUM)} {RELATIONS[relation]} {text(also, digits)}"
        case nodes.Compare(left, relation, right, also):
            written = f"{within(left, SUM)} {RELATIONS[relation]} {within(right, SUM)}"
            return written if also is None else f"{written} and {text(also, digits)}"
        case nodes.Cases(branches, otherwise):
            lines = [f"{text(value, digits)} if {text(condition, digits)}" for value, condition in branches]
            return "{" + "; ".join([*lines, f"{text(otherwise, digits)} otherwise"]) + "}"
        case nodes.Sum(body, index, first, last, skip=int() | str() as skip, ranged=ranged):
            return f"Σ_{index}{f'={first}..{last}, {index}' if ranged else ''}≠{skip} {within(body, PRODUCT)}"
        case nodes.Sum(body, index, first, last):
            return f"Σ_{index}={first}..{last} {within(body, PRODUCT)}"
        case nodes.SumOverSamples(_, _, nodes.Expression() as summand):
            return f"Σ_i {within(summand, PRODUCT)}"
        case nodes.SumOverUnits(_, _, nodes.Expression() as summand, index):
            return f"Σ_{index}{'∈g' if tree.groups else ''} {within(summand, PRODUCT)}"
        case nodes.SumOverSamples(of):
            inner = (
                symbol_text(nodes.Symbol(of.name, of.layer, of.index, "i")) if isinstance(of, nodes.Symbol) else f"({text(of, digits)})^(i)"
            )
            return f"Σ_i {inner}"
        case nodes.SumOverUnits(of, index=index):
            return f"Σ_{index}{'∈g' if tree.groups else ''} ({text(of, digits)}){index.translate(_BELOW)}"
        case nodes.SumAll(of):
            return f"Σ {within(of, PRODUCT)}"
        case nodes.Diagonal(of):
            return f"diag({text(of, digits)})"
        case nodes.SquaredNorm(of):
            return f"‖{text(of, digits)}‖²"
        case nodes.Derivative(of, by, partial):
            d, top, bottom = ("∂" if partial else "d"), text(of, digits), text(by, digits)
            return f"{d}/{d}{bottom} ({top})" if is_operator(of) else f"{d}{top}/{d}{bottom}"
        case nodes.Matrix(rows):
            return "[" + "; ".join("  ".join(text(entry, digits) for entry in row) for row in rows) + "]"
        case nodes.Dots():
            return "…"
        case nodes.Equation(sides, relation):
            return f" {'=' if relation == '=' else relation} ".join(within(side, COMPARISON) for side in sides)
    raise NotImplementedError(type(tree).__name__)


def symbol_text(symbol: nodes.Symbol) -> str:
    """A name with its indices below, its layer and its sample above."""
    below = index_text(symbol.index)
    above = "" if symbol.layer is None else f"[{symbol.layer}]"
    above += "" if symbol.sample is None else f"({symbol.sample})"
    small = below.translate(_BELOW)
    return f"{name_text(element_name(symbol))}{small}{f'^{above}' if above else ''}"


def name_text(name: str) -> str:
    """Greek letters, hats, and what stands below.

    >>> name_text("y_hat"), name_text("beta_1"), name_text("v_W_old")
    ('ŷ', 'β₁', 'v_W,old')
    """
    letter, marks, hat = name_parts(name)
    letter = GREEK.get(letter, letter)
    letter = {"y": "ŷ"}.get(letter, letter + "\N{COMBINING CIRCUMFLEX ACCENT}") if hat else letter
    if len(marks) == 1 and marks[0].isdigit():
        return letter + marks[0].translate(_BELOW)
    return letter + (f"_{','.join(marks)}" if marks else "")


def number_text(value: int | float | Fraction, digits: int = 6) -> str:
    """A number."""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
