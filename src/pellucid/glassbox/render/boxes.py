"""Equations in a terminal: one line of Unicode, or several where there is a matrix or a choice of cases in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from pellucid.expressions import nodes
from pellucid.expressions.latex import matrix_cells
from pellucid.expressions.nodes import Expression
from pellucid.expressions.precedence import COMPARISON, PRODUCT, SUM, binding, needs_brackets
from pellucid.expressions.text import text
from pellucid.glassbox.render.flow import positive
from pellucid.glassbox.render.numbers import ACROSS, ASLANT, DOWN, Grid

_SQUARE, _ROUND, _CASES = ("⎡⎢⎣", "⎤⎥⎦"), ("⎛⎜⎝", "⎞⎟⎠"), ("⎧⎨⎩", "")
_EXTENDED = {"⎧": "⎪"}
_DIGITS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Box:
    """Lines of equal length; what stands beside it meets the line ``base``."""

    lines: tuple[str, ...]
    base: int = 0

    @property
    def width(self) -> int:
        """In cells of the terminal."""
        return max(map(cell_len, self.lines))

    @property
    def high(self) -> bool:
        """Whether it takes more than one line."""
        return len(self.lines) > 1


def box(tree: Expression, digits: int = 6) -> Box:
    r"""A tree as lines.

    >>> print(*box(nodes.Matrix(((nodes.Number(1), nodes.Number(2)), (nodes.Number(3), nodes.Number(40))))).lines, sep="\n")
    ⎡1   2⎤
    ⎣3  40⎦
    """
    if not any(isinstance(node, nodes.Matrix | nodes.Cases) for node in tree.walk()):
        return Box((text(tree, digits),))

    def within(child: Expression, at_least: int) -> Box:
        inner = box(child, digits)
        return _enclosed(inner, _ROUND) if binding(child) < at_least else inner

    match tree:
        case nodes.Matrix(rows):
            return grid_box(matrix_cells(rows, lambda entry: text(entry, digits), (ACROSS, DOWN, ASLANT)))
        case nodes.Cases(branches, otherwise):
            values = [*(text(value, digits) for value, _ in branches), text(otherwise, digits)]
            longest = max(map(cell_len, values))
            tests = [*(f"if {text(condition, digits)}" for _, condition in branches), "otherwise"]
            lines = tuple(f"{_padded(value, longest)}  {test}" for value, test in zip(values, tests, strict=True))
            return _enclosed(Box(_even(lines), len(lines) // 2), _CASES)
        case nodes.Negative(of):
            return beside([Box(("-",)), within(of, PRODUCT)], "")
        case nodes.Add(terms):
            parts = [box(terms[0], digits)]
            for term in terms[1:]:
                sign = text(nodes.Add((nodes.Symbol("o"), term)), digits)[2]
                parts += [Box((sign,)), within(positive(term) if sign == "-" else term, SUM)]
            return beside(parts)
        case nodes.Multiply(factors) | nodes.MatMul(factors):
            marked, parts = isinstance(tree, nodes.Multiply) and tree.marked, []
            for index, factor in enumerate(factors):
                drawn = box(factor, digits)
                brackets = needs_brackets(factor, index == 0, index == len(factors) - 1, marked)
                parts += [Box(("⊙" if marked else "·",))] if index else []
                parts.append(_enclosed(drawn, _ROUND) if brackets else drawn)
            return beside(parts)
        case nodes.Equation(sides, relation):
            return joined([within(side, COMPARISON) for side in sides], relation)
    return Box((text(tree, digits),))


def joined(sides: Sequence[Box], relation: str = "=") -> Box:
    """Left = right = ..."""
    parts = [part for side in sides for part in (Box((relation,)), side)]
    return beside(parts[1:])


def value_box(shown: Grid) -> Box:
    """A number or an array, with its power of ten before it."""
    power = f"10{str(shown.power).translate(_DIGITS)}" if shown.power else ""
    if shown.scalar:
        return Box((shown.cells[0][0] + (f" · {power}" if power else ""),))
    drawn = grid_box(shown.cells)
    return beside([Box((f"{power} ·",)), drawn]) if power else drawn


def grid_box(cells: Sequence[Sequence[str]]) -> Box:
    """A matrix, its entries flush right."""
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = tuple("  ".join(_flush_right(cell, width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return _enclosed(Box(lines, len(lines) // 2), _SQUARE)


def beside(boxes: Sequence[Box], gap: str = " ") -> Box:
    """Boxes next to each other, their base lines at one height."""
    above = max(part.base for part in boxes)
    below = max(len(part.lines) - part.base for part in boxes)
    columns = [_at_height(part, above, below) for part in boxes]
    return Box(tuple(gap.join(row) for row in zip(*columns, strict=True)), above)


def _at_height(part: Box, above: int, below: int) -> Iterator[str]:
    empty, lines = " " * part.width, _even(part.lines)
    return iter([empty] * (above - part.base) + list(lines) + [empty] * (below - len(lines) + part.base))


def _enclosed(part: Box, pair: tuple[str, str]) -> Box:
    if len(part.lines) == 1:
        around = {_SQUARE: ("[", "]"), _ROUND: ("(", ")")}.get(pair, ("{ ", ""))
        return Box((part.lines[0].join(around),))
    left, right = (_side(letters, len(part.lines), part.base) for letters in pair)
    between = " " if pair is _CASES else ""
    return Box(tuple(f"{a}{between}{line}{b}" for a, line, b in zip(left, _even(part.lines), right, strict=True)), part.base)


def _side(letters: str, count: int, base: int) -> list[str]:
    """One side of a pair of brackets of so many lines."""
    if not letters:
        return [""] * count
    if letters[0] not in _EXTENDED:
        return [letters[0], *[letters[1]] * (count - 2), letters[2]]
    if count == 2:
        return ["⎰", "⎱"]
    side = [letters[0], *[_EXTENDED[letters[0]]] * (count - 2), letters[2]]
    side[base] = letters[1]
    return side


def _even(lines: Sequence[str]) -> tuple[str, ...]:
    longest = max(map(cell_len, lines))
    return tuple(_padded(line, longest) for line in lines)


def _flush_right(cell: str, width: int) -> str:
    """Dots stand in the middle."""
    return cell.center(width) if cell in (ACROSS, DOWN, ASLANT) else " " * (width - cell_len(cell)) + cell


def _padded(line: str, width: int) -> str:
    return line + " " * (width - cell_len(line))
