r"""A tree back to text: as LaTeX, or as a line of Unicode."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from pellucid.expressions import nodes
from pellucid.expressions.latex import latex
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.plain import plain
from pellucid.expressions.reading.tree import Apply, Entry, Extent, Name, Norm, Product, Reduce, Total
from pellucid.expressions.text import text as unicode_text


def as_latex(tree: Expression) -> str:
    r"""As LaTeX.

    >>> as_latex(nodes.Transpose(Name("W", bracket="2")))
    'W^{[2]T}'
    """
    return latex(_settled(tree))


def as_text(tree: Expression) -> str:
    """As one line of Unicode: dW^[2] = dz^[2] a^[1]ᵀ.

    >>> as_text(nodes.Transpose(Name("W", bracket="2")))
    'W^[2]ᵀ'
    """
    return unicode_text(_settled(tree))


def _settled(tree: Expression) -> Expression:
    """The same with the nodes that can be set."""
    match tree:
        case Name():
            return _symbol(tree)
        case Product(factors, signs):
            parts = tuple(_settled(factor) for factor in factors)
            if all(sign == "⊙" for sign in signs):
                return nodes.Multiply(parts, marked=True)
            if not any(sign in ("⊙", "*", "×") for sign in signs):
                return nodes.Multiply(parts)
            first, *rest = parts
            for sign, part in zip(signs, rest, strict=True):
                marked = sign in ("⊙", "*", "×")
                joined = isinstance(first, nodes.Multiply) and first.marked == marked
                first = nodes.Multiply((*first.factors, part) if isinstance(first, nodes.Multiply) and joined else (first, part), marked)
            return first
        case Apply(function, arguments):
            return _function(function, tuple(_settled(part) for part in arguments))
        case Reduce(of, _, _, mean):
            inner = nodes.SumAll(_settled(of))
            return nodes.Multiply((nodes.Divide(nodes.Number(1), nodes.Symbol("m")), inner)) if mean else inner
        case Total(body, index, _, last):
            return nodes.Sum(_settled(body), index or "i", 1, plain(last) if last is not None else "")
        case Entry(of, below):
            return nodes.Symbol(rf"\left[{latex(_settled(of))}\right]", index=below)
        case Extent(of, axis):
            return nodes.Symbol(f"{plain(of)}.shape[{axis}]")
        case nodes.Power(Norm(of), nodes.Number(2)):
            return nodes.SquaredNorm(_settled(of))
        case Norm(of):
            return nodes.Call("norm", (_settled(of),))
    return replace(tree, **{field.name: _each(getattr(tree, field.name)) for field in fields(tree)})


def _each(part: Any) -> Any:
    if isinstance(part, Expression):
        return _settled(part)
    return tuple(_each(item) for item in part) if isinstance(part, tuple) else part


def _symbol(name: Name) -> Expression:
    layer: int | str | None = name.bracket or name.suffix or None
    layer = int(layer) if isinstance(layer, str) and layer.isdigit() else layer
    base = f"d{name.base}" if name.d else name.base
    symbol: Expression = nodes.Symbol(base, layer, tuple(name.below), name.sample or None)
    if name.raised:
        symbol = nodes.Power(symbol, nodes.Number(int(name.raised)) if name.raised.isdigit() else nodes.Symbol(name.raised))
    return symbol


def _function(function: Name, arguments: tuple[Expression, ...]) -> Expression:
    layer: int | str | None = function.bracket or function.suffix or (function.below[0] if len(function.below) == 1 else None)
    layer = int(layer) if isinstance(layer, str) and layer.isdigit() else layer
    return nodes.Call(function.base, arguments, function.primes, layer)
