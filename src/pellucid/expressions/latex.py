r"""A tree as LaTeX, with sub- and superscripts as in the textbooks: W^{[1]}, w_{32}^{[1]}, \hat{y}."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pellucid.expressions import nodes
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression
from pellucid.expressions.precedence import (
    ATOM,
    COMPARISON,
    PRODUCT,
    SUM,
    binding,
    is_operator,
    leading_minus,
    needs_brackets,
    without_minus,
)

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "lambda": "λ", "mu": "μ", "pi": "π",
    "nabla": "∇", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
}  # fmt: skip
"""names that are letters of their own, in text"""
RELATIONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne"}


def latex(tree: Expression, digits: int = 6) -> str:
    r"""A tree as LaTeX; decimal numbers to so many digits.

    >>> latex(nodes.Symbol("W", 1) @ nodes.Symbol("x") + nodes.Symbol("b", 1))
    'W^{[1]} x + b^{[1]}'
    """

    def within(child: Expression, at_least: int) -> str:
        text = latex(child, digits)
        return rf"\left({text}\right)" if binding(child) < at_least else text

    def term(tree: Expression) -> tuple[bool, str]:
        if not leading_minus(tree):
            return False, within(tree, SUM)
        rest = without_minus(tree)
        return True, rf"\left({latex(rest, digits)}\right)" if leading_minus(rest) else within(rest, PRODUCT)

    def product(factors: tuple[Expression, ...], marked: bool) -> str:
        last, joined = len(factors) - 1, ""
        for index, factor in enumerate(factors):
            text = latex(factor, digits)
            fraction = isinstance(factor, nodes.Divide)  # its line is a bracket
            if not fraction and needs_brackets(factor, index == 0, index == last, marked):
                text = rf"\left({text}\right)"
            sign = r"\odot " if marked else r"\cdot " if _digit(text) else ""
            joined += f" {sign}{text}" if index else text
        return joined

    match tree:
        case nodes.Number(value):
            return number_latex(value, digits)
        case nodes.Symbol():
            return symbol_latex(tree)
        case nodes.Negative(of):
            return rf"-\left({latex(of, digits)}\right)" if leading_minus(of) else f"-{within(of, PRODUCT)}"
        case nodes.Add(terms):
            return joined_by_signs([term(part) for part in terms])
        case nodes.Multiply(factors, marked):
            return product(factors, marked)
        case nodes.MatMul(factors):
            return product(factors, marked=False)
        case nodes.Divide(numerator, denominator):
            return rf"\frac{{{latex(numerator, digits)}}}{{{latex(denominator, digits)}}}"
        case nodes.Power(nodes.Call(function, arguments, 0, None), exponent) if function in FUNCTIONS and function not in (
            "exp",
            "sqrt",
            "abs",
        ):
            return rf"{FUNCTIONS[function].latex}^{{{latex(exponent, digits)}}}{_arguments(arguments, digits)}"
        case nodes.Power(base, nodes.Number(value)) if value == Fraction(1, 2):
            return rf"\sqrt{{{latex(base, digits)}}}"
        case nodes.Power(base, exponent):
            bare = isinstance(base, nodes.Symbol) and not (base.layer is not None or base.sample is not None)
            text = (
                latex(base, digits)
                if bare or (isinstance(base, nodes.Number) and binding(base) == ATOM)
                else rf"\left({latex(base, digits)}\right)"
            )
            return f"{text}^{{{latex(exponent, digits)}}}"
        case nodes.Transpose(nodes.Symbol() as of):
            return symbol_latex(of, mark="T")
        case nodes.Transpose(of):
            return rf"\left({latex(of, digits)}\right)^{{T}}"
        case nodes.Call("exp", (argument,)):
            return f"e^{{{latex(argument, digits)}}}"
        case nodes.Call("abs", (argument,)):
            return rf"\left|{latex(argument, digits)}\right|"
        case nodes.Call("sqrt", (argument,)):
            return rf"\sqrt{{{latex(argument, digits)}}}"
        case nodes.Call(function, arguments, primes, layer):
            name = FUNCTIONS[function].latex if function in FUNCTIONS else _name(function)
            marks = "'" * primes
            above = f"^{{[{layer}]{marks}}}" if layer is not None else marks
            return f"{name}{above}{_arguments(arguments, digits)}"
        case nodes.Compare(left, relation, right, nodes.Compare(between) as also) if between == right:
            return f"{within(left, SUM)} {RELATIONS[relation]} {latex(also, digits)}"
        case nodes.Compare(left, relation, right, also):
            text = f"{within(left, SUM)} {RELATIONS[relation]} {within(right, SUM)}"
            return text if also is None else rf"{text} \text{{ and }} {latex(also, digits)}"
        case nodes.Cases(branches, otherwise):
            lines = [rf"{latex(value, digits)} & \text{{if }} {latex(condition, digits)}" for value, condition in branches]
            return r"\begin{cases} " + r" \\ ".join([*lines, rf"{latex(otherwise, digits)} & \text{{otherwise}}"]) + r" \end{cases}"
        case nodes.Sum(body):
            return f"{tree.sign} {within(body, PRODUCT)}"
        case nodes.SumOverSamples(_, _, nodes.Expression() as summand):
            return rf"\sum_{{i=1}}^{{m}} {within(summand, PRODUCT)}"
        case nodes.SumOverSamples(of):
            return rf"\sum_{{i=1}}^{{m}} {_of_sample(within(of, PRODUCT), of)}"
        case nodes.SumOverUnits(_, _, nodes.Expression() as summand):
            return rf"\sum_{{{tree.over}}} {within(summand, PRODUCT)}"
        case nodes.SumOverUnits(of, index=index):
            return rf"\sum_{{{tree.over}}} {_bracketed(within(of, PRODUCT), of)}_{{{index}}}"
        case nodes.SumAll(of):
            return rf"\sum {within(of, PRODUCT)}"
        case nodes.Diagonal(of):
            return rf"\operatorname{{diag}}({latex(of, digits)})"
        case nodes.SquaredNorm(of):
            return rf"\lVert {latex(of, digits)} \rVert^2"
        case nodes.Derivative(of, by, partial):
            d = r"\partial" if partial else "d"
            top, bottom = latex(of, digits), latex(by, digits)
            if is_operator(of):
                return rf"\frac{{{d}}}{{{d} {bottom}}} \left({top}\right)"
            return rf"\frac{{{d} {top}}}{{{d} {bottom}}}"
        case nodes.Matrix(rows):
            cells = matrix_cells(rows, lambda entry: latex(entry, digits), (r"\cdots", r"\vdots", r"\ddots"))
            entries = r" \\ ".join(" & ".join(row) for row in cells)
            return rf"\begin{{bmatrix}} {entries} \end{{bmatrix}}"
        case nodes.Dots():
            return r"\cdots"
        case nodes.Equation(sides, relation):
            return f" {relation} ".join(within(side, COMPARISON) for side in sides)
    raise NotImplementedError(type(tree).__name__)


def matrix_cells(
    rows: tuple[tuple[Expression, ...], ...], written: Callable[[Expression], str], dots: tuple[str, str, str]
) -> list[list[str]]:
    """The entries of a matrix as texts; dots that stand for rows run down, those for columns across, and where both meet aslant."""
    across, down, aslant = dots
    below = [all(isinstance(entry, nodes.Dots) for entry in row) for row in rows]
    beside = [all(isinstance(entry, nodes.Dots) for entry in column) for column in zip(*rows, strict=True)]
    return [
        [
            (aslant if beside[k] else down) if below[i] else across if isinstance(entry, nodes.Dots) else written(entry)
            for k, entry in enumerate(row)
        ]
        for i, row in enumerate(rows)
    ]


def symbol_latex(symbol: nodes.Symbol, mark: str = "") -> str:
    """A name with its layer above, its indices below, its sample above in round brackets; ``mark`` (T) comes last above."""
    letter, marks, hat = name_parts(element_name(symbol))
    name = rf"\hat{{{_letter(letter)}}}" if hat else _letter(letter)
    below = ",".join([*(part if part.isdigit() else rf"\mathrm{{{part}}}" for part in marks), *filter(None, [index_text(symbol.index)])])
    above = "" if symbol.layer is None else f"[{symbol.layer}]"
    above += "" if symbol.sample is None else f"({symbol.sample})"
    return f"{name}{f'_{{{below}}}' if below else ''}{f'^{{{above}{mark}}}' if above or mark else ''}"


def name_parts(name: str) -> tuple[str, tuple[str, ...], bool]:
    """The letter of a name, what stands below it, and whether it has a hat.

    >>> name_parts("y_hat"), name_parts("beta_1"), name_parts("v_W_old")
    (('y', (), True), ('beta', ('1',), False), ('v', ('W', 'old'), False))
    """
    plain = name.removesuffix("_hat")
    letter, *marks = plain.split("_")
    return letter, tuple(marks), plain != name


def element_name(symbol: nodes.Symbol) -> str:
    """The entries of W are w, those of dW are dw."""
    return symbol.name.replace("W", "w") if symbol.index else symbol.name


def index_text(index: tuple[int | str, ...]) -> str:
    """32, or 3,12 where the digits could be misread."""
    parts = [str(part) for part in index]
    return ("" if all(len(part) == 1 for part in parts) else ",").join(parts)


def _name(name: str) -> str:
    return symbol_latex(nodes.Symbol(name))


def _letter(name: str) -> str:
    if len(name) == 2 and name[0] == "d":  # dW, dz: a derivative
        return name
    return f"\\{name}" if name in GREEK else name if len(name) == 1 else rf"\mathrm{{{name}}}"


def number_latex(value: int | float | Fraction, digits: int = 6) -> str:
    r"""A number; a power of ten where it is very large or small.

    >>> number_latex(1e-8), number_latex(Fraction(1, 2)), number_latex(0.25)
    ('1 \\cdot 10^{-8}', '\\frac{1}{2}', '0.25')
    """
    if isinstance(value, Fraction):
        sign = "-" if value < 0 else ""
        return str(value) if value.denominator == 1 else rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    if isinstance(value, int):
        return str(value)
    text = f"{value:.{digits}g}"
    if text.lstrip("-") in ("inf", "nan"):
        return {"inf": r"\infty", "-inf": r"-\infty"}.get(text, r"\mathrm{NaN}")
    mantissa, e, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else text


def _arguments(arguments: tuple[Expression, ...], digits: int) -> str:
    return rf"\left({', '.join(latex(argument, digits) for argument in arguments)}\right)"


def joined_by_signs(terms: list[tuple[bool, str]]) -> str:
    """A sum, of terms that are to be subtracted or added."""
    (negative, first), *rest = terms
    return ("-" if negative else "") + first + "".join(f" {'-' if negative else '+'} {text}" for negative, text in rest)


def _digit(text: str) -> bool:
    return text[:1].isdigit() or (text.startswith(r"\frac{") and text[6:7].isdigit())


def _bracketed(text: str, of: Expression) -> str:
    return text if binding(of) == ATOM else rf"\left({text}\right)"


def _of_sample(text: str, of: Expression) -> str:
    if isinstance(of, nodes.Symbol) and of.sample is None:
        return symbol_latex(nodes.Symbol(of.name, of.layer, of.index, "i"))
    return rf"{_bracketed(text, of)}^{{(i)}}"
