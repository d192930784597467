"""The formulas of the records (activations, losses, fused pairs), which are texts in Python's syntax, as trees."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, rebuilt

_RELATIONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
PI = nodes.Symbol("pi")


def formula(text: str, names: Mapping[str, Expression]) -> Expression:
    r"""The tree of a record's text, with its names (z, a, y_hat, y) replaced by what stands for them here.

    0 / 0 is 0 in it, as in the records' own functions.

    >>> from pellucid.expressions.latex import latex
    >>> latex(formula("1 if z >= 0 else 0.01", {"z": nodes.Symbol("z", 1)}))
    '\\begin{cases} 1 & \\text{if } z^{[1]} \\ge 0 \\\\ 0.01 & \\text{otherwise} \\end{cases}'
    """
    return substitute(_parsed(text), names)


def formula_or(called: Expression, text: str, names: Mapping[str, Expression]) -> Expression:
    """The same, but the function by its name where the text of a record of one's own is no formula."""
    try:
        return formula(text, names)
    except (NotImplementedError, SyntaxError):
        return called


@lru_cache(maxsize=256)
def _parsed(text: str) -> Expression:
    return _tree(ast.parse(text, mode="eval").body)


def _tree(node: ast.expr) -> Expression:
    match node:
        case ast.Constant(int() | float() as value):
            return nodes.Number(int(value) if float(value).is_integer() else value)
        case ast.Name(name):
            return nodes.Symbol(name)
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
            return nodes.Number(-int(value) if float(value).is_integer() else -value)
        case ast.UnaryOp(ast.USub(), operand):
            return nodes.Negative(_tree(operand))
        case ast.BinOp(left, ast.Add(), right):
            return _tree(left) + _tree(right)
        case ast.BinOp(left, ast.Sub(), right):
            return _tree(left) - _tree(right)
        case ast.BinOp(ast.UnaryOp(ast.USub(), left), ast.Mult() | ast.Div() as sign, right) if not isinstance(left, ast.Constant):
            return -_tree(ast.BinOp(left, sign, right))  # -y log a is read as -(y log a)
        case ast.BinOp(left, ast.Mult(), right):
            return _tree(left) * _tree(right)
        case ast.BinOp(left, ast.Div(), right):
            return nodes.Divide(_tree(left), _tree(right), zero_wins=True)
        case ast.BinOp(left, ast.Pow(), right):
            return _tree(left) ** _tree(right)
        case ast.Call(ast.Name(function), arguments):
            return nodes.Call(function, tuple(_tree(argument) for argument in arguments))
        case ast.IfExp(test, body, orelse):
            return nodes.Cases(((_tree(body), _comparison(test)),), _tree(orelse))
    raise NotImplementedError(ast.unparse(node))


def _comparison(node: ast.expr) -> nodes.Compare:
    """One or several that hold together: a < b, a < b < c, a < b and c < d."""
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else [node]
    found: nodes.Compare | None = None
    for part in reversed(parts):
        if not isinstance(part, ast.Compare):
            raise NotImplementedError(ast.unparse(part))
        sides = [_tree(side) for side in (part.left, *part.comparators)]
        for index in reversed(range(len(part.ops))):
            found = nodes.Compare(sides[index], _RELATIONS[type(part.ops[index])], sides[index + 1], found)
    assert found is not None
    return found


def substitute(tree: Expression, names: Mapping[str, Expression]) -> Expression:
    """The tree with each plain name replaced."""

    def replaced(node: Expression) -> Expression | None:
        return names.get(node.name) if isinstance(node, nodes.Symbol) and node.layer is None and not node.index else None

    return rebuilt(tree, replaced)
