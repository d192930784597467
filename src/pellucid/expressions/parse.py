"""Text to tree. Only what stands on a short list is a formula; nothing is ever evaluated, so a formula may come from a stranger.

>>> from pellucid.expressions.text import text
>>> text(parse("x * sigmoid(x) + 2^-1", ["x"]))
'x σ(x) + 2⁻¹'
>>> parse("x * sigmod(x)", ["x"])
Traceback (most recent call last):
pellucid.errors.FormulaError: The function in the formula is 'sigmod', expected a known one: did you mean 'sigmoid'?
  x * sigmod(x)
      ^^^^^^
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
from collections.abc import Callable, Collection, Iterable, Mapping

from pellucid.errors import FormulaError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.arithmetic import CONSTANTS
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.latex import GREEK
from pellucid.expressions.nodes import Expression
from pellucid.expressions.tokens import Source, Token, tokens

MAX_EXPONENT = 100
"""of a number as exponent, and of the powers of powers taken together"""
MAX_NUMBER = 1e100
"""numbers, and what is made of numbers alone, stay below"""
MAX_DEPTH = 150
"""of the tree"""

ALIASES = {"ln": "log", "arctan": "atan", "maximum": "max", "minimum": "min", "logistic": "sigmoid", "log_cosh": "logcosh"}
"""other names of functions"""

Names = Mapping[str, Expression] | Collection[str] | None
Functions = Mapping[str, Callable[..., Expression]]

_OPERATIONS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@"}
_JOIN: dict[str, Callable[[Expression, Expression], Expression]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_RELATIONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def parse(
    text: str,
    names: Names = None,
    *,
    where: str = "the formula",
    functions: Functions | None = None,
    implicit: bool = False,
    whole: Collection[str] = (),
    matrices: bool = False,
    span: tuple[int, int] | None = None,
) -> Expression:
    """The tree of a formula.

    Numbers, names, ``+ - * / **`` (or ^), brackets, functions of `FUNCTIONS`, comparisons and ``a if c else b``; pi and e are constants
    unless they are among the names.

    Args:
        text: the formula.
        names: the names that it may use, perhaps with the nodes that they stand for; None: any.
        where: what it is called in a complaint.
        functions: builders of further functions by name; they are given the nodes of the arguments.
        implicit: whether a product may be written without a sign: 2xy. A name of several letters that is not among the names is then a
            product too, if all its letters are names (with ``names=None``: if it has two or three letters).
        whole: names that are not taken apart, where any are allowed.
        matrices: whether @ and .T may be used.
        span: the part of the text that is the formula; complaints show all of the text.

    Raises:
        FormulaError: the text is no such formula, or too large: 2,000 characters, 50 nested brackets, exponents above 100.

    """
    if not isinstance(text, str):
        raise FormulaError(sentence("a formula", where, f"a {type(text).__name__}", "a text", "e.g. 'x * sigmoid(x)'"), "", 0, 0)
    start, end = span or (0, len(text))
    source = Source(text, where, start, end)
    calls = {**{name: _call(record.name) for name, record in FUNCTIONS.items()}, **(functions or {})}
    calls |= {alias: calls[name] for alias, name in ALIASES.items() if alias not in calls}

    def letters(name: str, before_bracket: bool) -> list[str] | None:
        if len(name) == 1 or name in (names or ()) or name in whole or name in CONSTANTS or name in GREEK or not name.isalpha():
            return None
        if names is None:
            return list(name) if len(name) <= 3 and not before_bracket else None  # foo(x) is a function that nobody knows
        return list(name) if all(letter in names or letter in CONSTANTS for letter in name) else None

    found = tokens(source, calls, letters, implicit=implicit, matrices=matrices)
    try:
        tree = structure(" ".join(token.structure for token in found))
        return _Builder(source, found, names, calls).build(tree)
    except (SyntaxError, RecursionError, MemoryError):
        raise source.error(start, end, "the text", "not read", "a formula", "write it with more brackets, or with fewer") from None


def structure(text: str) -> ast.expr:
    """What Python's parser makes of the signs and brackets."""
    return ast.parse(text, mode="eval").body


def _call(name: str) -> Callable[..., Expression]:
    return lambda *arguments: nodes.Call(name, arguments)


class _Builder:
    """From Python's nodes to ours, with the tokens at hand."""

    def __init__(self, source: Source, found: list[Token], names: Names, calls: Functions) -> None:
        self.source, self.names, self.calls = source, names, calls
        self.at: dict[int, Token] = {}
        column = 0
        for token in found:
            self.at[column] = token
            column += len(token.structure) + 1

    def build(self, node: ast.expr) -> Expression:
        """The whole tree."""
        tree = self.number(node)
        if (levels := depth(tree)) > MAX_DEPTH:
            source = self.source
            raise source.error(
                source.start, source.end, "the depth", f"{levels} levels", f"at most {MAX_DEPTH}", "write it with fewer brackets"
            )
        return tree

    def number(self, node: ast.expr) -> Expression:
        """What has a value."""
        tree = self._number(node)
        self.check(node, constant(tree))
        return tree

    def check(self, node: ast.expr, value: float | None) -> None:
        """Refuse a constant that is too large."""
        if value is not None and not abs(value) <= MAX_NUMBER:
            raise self.error(node, "a number", f"{value:.3g}", f"one below {MAX_NUMBER:g}", "write a smaller one")

    def _number(self, node: ast.expr) -> Expression:
        match node:
            case ast.Constant():
                return self._constant(self.at[node.col_offset])
            case ast.Name():
                return self._name(self.at[node.col_offset])
            case ast.UnaryOp(ast.UAdd(), operand):
                return self.number(operand)
            case ast.UnaryOp(ast.USub(), operand):
                of = self.number(operand)
                return nodes.Number(-of.value) if isinstance(of, nodes.Number) else nodes.Negative(of)
            case ast.BinOp(op=ast.Pow()):
                return self._power(node, self.number(node.left), self.number(node.right))
            case ast.BinOp():
                return self._chain(node)
            case ast.Call(ast.Name() as function, arguments):
                return self._call(self.at[function.col_offset], node, arguments)
            case ast.IfExp():
                return self._cases(node)
            case ast.Attribute(of):  # the tokens let nothing through but .T
                return nodes.Transpose(self.number(of))
            case ast.Compare() | ast.BoolOp():
                raise self.error(node, "a condition", "not behind if", "one there only", "write a if x > 0 else b")
        raise self.error(node, "a part", "not understood", "a number", "write it otherwise")

    def _constant(self, token: Token) -> Expression:
        value = float(token.text)
        if not math.isfinite(value):
            raise self.source.error(token.start, token.end, "a number", "too large", "one that is finite", "write a smaller one")
        return nodes.Number(int(token.text) if token.text.isdigit() and len(token.text) <= 30 else value)

    def _name(self, token: Token) -> Expression:
        name = token.text
        if self.names is not None and name in self.names:
            return self.names[name] if isinstance(self.names, Mapping) else nodes.Symbol(name)
        if self.names is None or name in CONSTANTS:
            return nodes.Symbol(name)
        known = [*self.names]
        expected = f"one of {', '.join(map(str, known))}" if known else "none"
        raise self.source.error(
            token.start, token.end, "a name", repr(name), expected, _nearest(name, known) or "write another name, or a number"
        )

    def _call(self, token: Token, node: ast.expr, arguments: list[ast.expr]) -> Expression:
        name = token.text
        if name not in self.calls:
            repair = _nearest(name, self.calls) or "write it out"
            raise self.source.error(token.start, token.end, "the function", repr(name), "a known one", repair)
        record = FUNCTIONS.get(ALIASES.get(name, name))
        expected = None if record is None else record.n_arguments
        if expected is not None and (len(arguments) != expected if expected >= 0 else len(arguments) < 2):
            count = "two or more" if expected < 0 else str(expected)
            raise self.error(node, f"the number of arguments of {name}", len(arguments), count, "write as many, with commas between them")
        return self.calls[name](*(self.number(argument) for argument in arguments))

    def _power(self, node: ast.expr, base: Expression, exponent: Expression) -> Expression:
        power = nodes.Power(base, exponent)
        if (degree := _degree(power)) > MAX_EXPONENT:
            raise self.error(node, "an exponent", f"{degree:.6g}", f"at most {MAX_EXPONENT}", "write a smaller one")
        if base == nodes.Symbol("e") and (self.names is None or "e" not in self.names):
            return nodes.Call("exp", (exponent,))
        return power

    def _chain(self, node: ast.BinOp) -> Expression:
        """a + b - c ... or a * b / c ...; without recursion to the left, where Python nests."""
        steps: list[tuple[str, ast.expr]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and not isinstance(left.op, ast.Pow) and type(left.op) in _OPERATIONS:
            steps.append((_OPERATIONS[type(left.op)], left.right))
            left = left.left
        tree = self.number(left)
        value = constant(tree)
        for sign, right in reversed(steps):
            operand = self.number(right)
            if sign == "@":
                tree, value = tree @ operand, None
                continue
            number = constant(operand)
            if number is not None and value is not None:
                value = constant(_JOIN[sign](nodes.Number(value), nodes.Number(number)))
            elif (sign, number) == ("/", 0):
                value = math.inf
            else:
                value = None
            self.check(node, value)
            tree = _JOIN[sign](tree, operand)
        return tree

    def _cases(self, node: ast.expr) -> Expression:
        branches = []
        while isinstance(node, ast.IfExp):
            branches.append((self.number(node.body), self.condition(node.test)))
            node = node.orelse
        return nodes.Cases(tuple(branches), self.number(node))

    def condition(self, node: ast.expr) -> nodes.Compare:
        """What stands behind `if`."""
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            return _all(self.condition(part) for part in node.values)
        if not isinstance(node, ast.Compare):
            raise self.error(node, "a condition", "a number", "a comparison", "write e.g. x > 0")
        sides = [self.number(side) for side in (node.left, *node.comparators)]
        signs = [_RELATIONS[type(sign)] for sign in node.ops]
        return _all(nodes.Compare(*parts) for parts in zip(sides, signs, sides[1:], strict=False))

    def error(self, node: ast.expr, what: str, got: object, expected: object, repair: str) -> FormulaError:
        """What is wrong with a part."""
        end = node.end_col_offset or node.col_offset + 1
        inside = [token for column, token in self.at.items() if node.col_offset <= column < end]
        start, stop = (inside[0].start, inside[-1].end) if inside else (self.source.start, self.source.end)
        return self.source.error(start, stop, what, got, expected, repair)


def _all(conditions: Iterable[nodes.Compare]) -> nodes.Compare:
    first, *rest = conditions
    also = _all(rest) if rest else None
    if first.also is not None:
        also = _all([first.also, *([also] if also else [])])
    return nodes.Compare(first.left, first.relation, first.right, also)


def constant(tree: Expression) -> float | None:
    """The value of what has numbers and signs in it only, infinite where it is too large; None for other trees."""
    try:
        match tree:
            case nodes.Number(value):
                return float(value)
            case nodes.Negative(of):
                inner = constant(of)
                return None if inner is None else -inner
            case nodes.Add(parts) | nodes.Multiply(parts):
                values = [constant(part) for part in parts]
                known = [value for value in values if value is not None]
                if len(known) < len(values):
                    return None
                return math.fsum(known) if isinstance(tree, nodes.Add) else math.prod(known)
            case nodes.Divide(left, right) | nodes.Power(left, right):
                a, b = constant(left), constant(right)
                if a is None or b is None:
                    return None
                if isinstance(tree, nodes.Divide):
                    return a / b
                power = a**b
                return power if isinstance(power, float) else math.nan
    except (OverflowError, ZeroDivisionError, ValueError):
        return math.inf
    return None


def _degree(tree: Expression) -> float:
    """A bound of the exponents of powers of powers."""
    if isinstance(tree, nodes.Power):
        exponent = constant(tree.exponent)
        return _degree(tree.base) * max(1.0, abs(exponent) if exponent is not None else 1.0)
    return max((_degree(child) for child in tree.children()), default=1.0)


def depth(tree: Expression) -> int:
    """How many nodes stand within each other."""
    return 1 + max((depth(child) for child in tree.children()), default=0)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(map(str, known)), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""
