"""Long equations in lines: a tree becomes pieces of LaTeX, between which a line may end, and none of which is wide if it can be helped.

A piece is taken apart only where it does not fit a line: sums before each sign, products before a factor, and what is in brackets within
them (which are then of one fixed size, since a growing pair may not stand on two lines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pellucid.expressions import nodes
from pellucid.expressions.latex import latex
from pellucid.expressions.nodes import Expression
from pellucid.expressions.precedence import COMPARISON, POWER, PRODUCT, binding, needs_brackets
from pellucid.glassbox.render.measure import width

_NOTHING = nodes.Symbol("o")
_FRACTION = 1.5
"""how much wider than a line a fraction stays whole where it can be scrolled"""


@dataclass(frozen=True)
class Piece:
    """A part of an equation that stays on one line."""

    latex: str
    width: float
    """about so many letters"""
    starts_with: str = ""
    """what is put before it at the beginning of a line: the dot of a product"""


def pieces(tree: Expression, digits: int, limit: float, scrolls: bool = False) -> list[Piece]:
    """The pieces of a tree, each at most so wide where it can be taken apart.

    Where a piece can be scrolled, a wide matrix stays whole; else dots take the place of columns in its middle, and a long case is broken.

    >>> x = nodes.Symbol("x", index=(1,))
    >>> [piece.latex for piece in pieces(x + x + x, 6, limit=8)]
    ['x_{1}', '+ x_{1}', '+ x_{1}']
    """
    wide = width(tree, digits)
    if wide <= limit or (scrolls and isinstance(tree, nodes.Divide) and wide <= _FRACTION * limit):
        return [Piece(latex(tree, digits), wide)]

    def of(child: Expression, brackets: bool = False, before: str = "", after: str = "") -> list[Piece]:
        found = pieces(child, digits, limit, scrolls)
        left, right = ("", "") if not brackets else (r"\left(", r"\right)") if len(found) == 1 else (r"\bigl(", r"\bigr)")
        return _between(found, before + left, right + after)

    match tree:
        case nodes.Add(terms):
            found = of(terms[0])
            for term in terms[1:]:
                written = latex(nodes.Add((_NOTHING, term)), digits).removeprefix("o ")  # with its sign and the brackets that it needs
                inner = positive(term) if written[0] == "-" else term
                found += of(inner, written[2:] == rf"\left({latex(inner, digits)}\right)", written[:2])
            return found
        case nodes.Negative(inner):
            return of(inner, latex(tree, digits) == rf"-\left({latex(inner, digits)}\right)", "-")
        case nodes.Multiply(factors) | nodes.MatMul(factors):
            return _product(factors, isinstance(tree, nodes.Multiply) and tree.marked, of)
        case nodes.Divide(numerator, denominator):
            return of(numerator, binding(numerator) < PRODUCT) + of(denominator, binding(denominator) < POWER, r"\big/ ")
        case nodes.Power(nodes.Call(function, arguments, 0, None) as call, exponent) if function not in ("exp", "sqrt", "abs"):
            return _call(call, function, arguments, of, f"^{{{latex(exponent, digits)}}}")
        case nodes.Power(base, exponent) if latex(base, digits) != latex(tree, digits).rpartition("^")[0]:
            return of(base, brackets=True, after=f"^{{{latex(exponent, digits)}}}")
        case nodes.Transpose(inner):
            return of(inner, brackets=True, after="^{T}")
        case nodes.Call("abs", (argument,)):
            return of(argument, before=r"\bigl|", after=r"\bigr|")
        case nodes.Call(function, arguments):
            return _call(tree, function, arguments, of)
        case nodes.Diagonal(inner):
            return of(inner, brackets=True, before=r"\operatorname{diag}")
        case nodes.SquaredNorm(inner):
            return of(inner, before=r"\bigl\lVert ", after=r"\bigr\rVert^2")
        case nodes.Sum(body):
            return of(body, binding(body) < PRODUCT, f"{tree.sign} ")
        case nodes.SumOverSamples(_, _, nodes.Expression() as summand):
            return of(summand, binding(summand) < PRODUCT, r"\sum_{i=1}^{m} ")
        case nodes.SumOverUnits(_, _, nodes.Expression() as summand):
            return of(summand, binding(summand) < PRODUCT, rf"\sum_{{{tree.over}}} ")
        case nodes.SumOverSamples(inner):
            return of(inner, brackets=True, before=r"\sum_{i=1}^{m} ", after="^{(i)}")
        case nodes.SumOverUnits(inner, index=index):
            return of(inner, before=rf"\sum_{{{tree.over}}} \bigl\lbrack ", after=rf"\bigr\rbrack_{{{index}}}")
        case nodes.SumAll(inner):
            return of(inner, binding(inner) < PRODUCT, r"\sum ")
        case nodes.Derivative(inner, by, partial):
            d = r"\partial" if partial else "d"
            return of(inner, brackets=True, before=rf"\frac{{{d}}}{{{d} {latex(by, digits)}}} ")
        case nodes.Equation(sides, relation):
            found = of(sides[0], binding(sides[0]) < COMPARISON)
            for side in sides[1:]:
                found += of(side, binding(side) < COMPARISON, f"{relation} ")
            return found
        case nodes.Matrix() if not scrolls:
            narrow = _narrowed(tree, digits, limit)
            return [Piece(latex(narrow, digits), width(narrow, digits))]
        case nodes.Cases() if not scrolls:
            return [Piece(_cases(tree, digits, limit), limit)]
    return [Piece(latex(tree, digits), wide)]


def lines(found: Sequence[Piece], limit: float) -> list[str]:
    """The pieces in as few lines as they need from first to last."""
    filled, room = [""], limit
    for piece in found:
        if filled[-1] and piece.width > room:
            filled.append(piece.starts_with)
            room = limit
        filled[-1] += f"{' ' if filled[-1] else ''}{piece.latex}"
        room -= piece.width + 1
    return filled


def positive(term: Expression) -> Expression:
    """A term of a sum without its minus sign."""
    match term:
        case nodes.Negative(of):
            return of
        case nodes.Number(value):
            return nodes.Number(-value)
        case nodes.Multiply((nodes.Number(value), *rest), marked):
            return nodes.Multiply((nodes.Number(-value), *rest), marked)
    return term


def _between(found: list[Piece], before: str, after: str) -> list[Piece]:
    """With something before the first and after the last of the pieces."""
    first = replace(found[0], latex=before + found[0].latex, width=found[0].width + (2 if before else 0))
    found = [first, *found[1:]]
    last = replace(found[-1], latex=found[-1].latex + after, width=found[-1].width + (1 if after else 0))
    return [*found[:-1], last]


def _product(factors: tuple[Expression, ...], marked: bool, of: Callable[..., list[Piece]]) -> list[Piece]:
    found: list[Piece] = []
    for index, factor in enumerate(factors):
        brackets = not isinstance(factor, nodes.Divide) and needs_brackets(factor, index == 0, index == len(factors) - 1, marked)
        new = of(factor, brackets)
        if isinstance(factor, nodes.Divide) and len(new) > 1 and index < len(factors) - 1:
            new = of(factor, True)  # with a slash for its line, what follows would seem to stand below it
        if index:
            digit = new[0].latex[:1].isdigit() or (new[0].latex.startswith(r"\frac{") and new[0].latex[6:7].isdigit())
            sign = r"\odot " if marked else r"\cdot " if digit else ""
            new = _between(new, sign, "")
            if not sign:
                new[0] = replace(new[0], starts_with=r"\cdot")
        found += new
    return found


def _call(
    tree: nodes.Call, function: str, arguments: tuple[Expression, ...], of: Callable[..., list[Piece]], above: str = ""
) -> list[Piece]:
    name = latex(replace(tree, arguments=())).removesuffix(r"\left(\right)") if function not in ("exp", "sqrt") else rf"\{function}"
    after = r"\bigr)"
    if function == "sqrt":
        name, after = "", r"\bigr)^{1/2}"
    found: list[Piece] = []
    for index, argument in enumerate(arguments):
        found += of(argument, before="" if index else rf"{name}{above}\bigl(", after=after if index == len(arguments) - 1 else ",")
    return found


def _narrowed(matrix: nodes.Matrix, digits: int, limit: float) -> nodes.Matrix:
    """With dots for so many columns in its middle that it fits."""
    rows, kept = matrix.rows, len(matrix.rows[0])
    while width(matrix, digits) > limit and kept > 2:
        kept -= 1
        matrix = nodes.Matrix(tuple((*row[: kept - 1], nodes.Dots(), row[-1]) for row in rows))
    return matrix


def _cases(cases: nodes.Cases, digits: int, limit: float) -> str:
    """With long values in several lines."""

    def value(tree: Expression) -> str:
        room = limit - 20
        found = lines(pieces(tree, digits, room), room)
        return found[0] if len(found) == 1 else r"\begin{aligned} & " + r" \\ & \quad ".join(found) + r" \end{aligned}"

    branches = [rf"{value(tree)} & \text{{if }} {latex(condition, digits)}" for tree, condition in cases.branches]
    return r"\begin{cases} " + r" \\ ".join([*branches, rf"{value(cases.otherwise)} & \text{{otherwise}}"]) + r" \end{cases}"
