"""A tree back to text, as code in the manner of NumPy."""

from __future__ import annotations

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Entry, Extent, Name, Norm, Product, Reduce, Total

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
_NUMPY = {"exp", "log", "log1p", "expm1", "sqrt", "abs", "tanh", "sin", "cos", "tan", "sinh", "cosh", "sign"}


def plain(tree: Expression) -> str:
    """As one line of code: dW2 = dZ2 @ A1.T / m.

    >>> plain(nodes.MatMul((Name("Z", d=True, suffix="2"), nodes.Transpose(Name("A", suffix="1")))))
    'dZ2 @ A1.T'
    """
    return _code(tree)[0]


def _code(tree: Expression) -> tuple[str, int]:
    """The text, and how strongly its outermost sign binds."""

    def within(part: Expression, least: int) -> str:
        text, binding = _code(part)
        return text if binding >= least else f"({text})"

    match tree:
        case nodes.Number(value):
            text = f"{float(value):.10g}" if not isinstance(value, int) else str(value)
            return text, ATOM if value >= 0 else SIGN
        case Name():
            return name_code(tree), ATOM
        case nodes.Negative(of):
            return f"-{within(of, PRODUCT)}", SIGN
        case nodes.Add(terms):
            text = within(terms[0], PRODUCT)
            for term in terms[1:]:
                negative = isinstance(term, nodes.Negative)
                text += f" - {within(term.of, PRODUCT)}" if isinstance(term, nodes.Negative) and negative else f" + {within(term, PRODUCT)}"
            return text, SUM
        case Product(factors, signs):
            text = within(factors[0], SIGN)
            for factor, sign in zip(factors[1:], signs, strict=True):
                text += f" {'@' if sign == '@' else '*'} {within(factor, POWER)}"
            return text, PRODUCT
        case nodes.MatMul(factors):
            return " @ ".join(within(factor, SIGN if not index else POWER) for index, factor in enumerate(factors)), PRODUCT
        case nodes.Multiply(factors):
            return " * ".join(within(factor, SIGN if not index else POWER) for index, factor in enumerate(factors)), PRODUCT
        case nodes.Divide(above, below):
            return f"{within(above, PRODUCT)} / {within(below, POWER)}", PRODUCT
        case nodes.Power(base, exponent):
            return f"{within(base, ATOM)}**{within(exponent, ATOM)}", POWER
        case nodes.Transpose(of):
            return f"{within(of, ATOM)}.T", ATOM
        case Apply(function, arguments):
            inside = ", ".join(plain(part) for part in arguments)
            prefix = "np." if function.base in _NUMPY and not function.primes else ""
            return f"{prefix}{name_code(function)}({inside})", ATOM
        case Reduce(of, axis, kept, mean):
            options = ("" if axis is None else f", axis={axis}") + (", keepdims=True" if kept and axis is not None else "")
            return f"np.{'mean' if mean else 'sum'}({plain(of)}{options})", ATOM
        case Total(body, index):
            return f"sum_{index or 'i'}({plain(body)})", ATOM
        case nodes.Derivative(of, by):
            return f"d({plain(of)})/d{within(by, ATOM)}" if not isinstance(of, Name) else f"d{plain(of)}/d{within(by, ATOM)}", PRODUCT
        case nodes.Cases(branches, otherwise):
            first, condition = branches[0]
            rest = nodes.Cases(branches[1:], otherwise) if branches[1:] else otherwise
            return f"{within(first, PRODUCT)} if {plain(condition)} else {plain(rest)}", SUM
        case nodes.Compare(left, relation, right, also):
            text = f"{within(left, SUM)} {relation} {within(right, SUM)}"
            return (text if also is None else f"{text} and {plain(also)}"), SUM
        case Entry(of, below):
            return f"{within(of, ATOM)}[{', '.join(below)}]", ATOM
        case Extent(of, axis):
            return f"{within(of, ATOM)}.shape[{axis}]", ATOM
        case Norm(of):
            return f"np.linalg.norm({plain(of)})", ATOM
        case nodes.Diagonal(of):
            return f"np.diag({plain(of)})", ATOM
        case nodes.Matrix(rows):
            return "[" + ", ".join("[" + ", ".join(plain(entry) for entry in row) + "]" for row in rows) + "]", ATOM
        case nodes.Equation(sides):
            return " = ".join(plain(side) for side in sides), SUM
    return str(tree), ATOM


def name_code(name: Name) -> str:
    """A name as code has it: dW2, W1[2, 0], a_i."""
    base, new, _ = name.base.partition("_new")
    base = "l2" if base == "lambda" else base
    text = f"{'d' if name.d else ''}{base}"
    if name.suffix:
        text += name.suffix
    elif name.bracket.isdigit():
        text += name.bracket
    elif name.bracket:
        text += f"[{name.bracket}]"
    elif name.raised:
        text += f"^{name.raised}"
    if name.below:
        text += (
            f"[{', '.join(name.below)}]"
            if name.code
            else f"_{','.join(name.below) if len(''.join(name.below)) > len(name.below) else ''.join(name.below)}"
        )
    return text + new + ("_prime" if name.primes == 1 else "'" * name.primes) + (f"^({name.sample})" if name.sample else "")
