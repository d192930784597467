"""Where the nodes of a computation graph stand: the way from x to J down a column, what else is needed to the left of it.

That is narrow, so that it can be read on a phone, and as long as the network is deep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid.glassbox.drawing import width
from pellucid.glassbox.figures import entries

if TYPE_CHECKING:
    from pellucid.equations.arrays import Array
    from pellucid.glassbox.graph.model import Graph, Node

SIZE, SMALL, NUMBERS = 17.0, 12.5, 10.5
"""the sizes of equations, of remarks, of numbers"""
DIGIT = 0.61 * NUMBERS
LINE, LEADING = 14.0, 1.28
"""the height of a line of numbers; that of another, as a multiple of its size"""
MARGIN, GAP, BETWEEN = 12.0, 66.0, 10.0
"""around everything; between one box of the column and the next, where the arrows are; between boxes to the left"""
REACH = 96.0
"""from the boxes on the left to the column"""
RAIL, FUSED = 22.0, 78.0
"""for the lines to and from the L2 term, on the left; for the common derivative of loss and output, on the right"""
DOWN, UP = 24.0, 46.0
"""where the two arrows between boxes of the column run, from its left edge"""
WIDEST = 245.0
"""the column is made wider for the sake of a derivative written out up to here"""
_ROWS, _COLUMNS = 6, 2


@dataclass(frozen=True)
class Block:
    """A matrix of numbers, below a heading where there is one."""

    heading: str
    """LaTeX"""
    look: str
    lines: tuple[str, ...]

    @property
    def wide(self) -> float:
        """Its width."""
        return max(max(len(line) for line in self.lines) * DIGIT + 8, width(self.heading, SMALL))

    @property
    def high(self) -> float:
        """Its height."""
        return LINE * (len(self.lines) + (1.2 if self.heading else 0.3))


@dataclass
class Box:
    """A node with its texts, and its place; x and y are its upper left corner."""

    node: Node
    lines: tuple[tuple[str, float, str], ...]
    """(LaTeX, size, look), from top to bottom"""
    blocks: tuple[Block, ...]
    x: float = 0.0
    y: float = 0.0
    wide: float = field(init=False)
    high: float = field(init=False)

    def __post_init__(self) -> None:
        numbers = [part.wide for part in self.blocks]
        needed = max(numbers, default=0.0) if self.stacked else sum(numbers) + 14 * max(len(numbers) - 1, 0)
        self.wide = max(*(width(text, size) for text, size, _ in self.lines), needed, 52.0) + 22
        self.high = self.inner + 14

    @property
    def stacked(self) -> bool:
        """Whether its numbers stand below each other."""
        return self.node.kind == "parameter"

    @property
    def inner(self) -> float:
        """The height of what is in it."""
        heights = [part.high for part in self.blocks]
        return sum(size * LEADING for _, size, _ in self.lines) + (sum(heights) if self.stacked else max(heights, default=0.0))

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.high / 2

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.wide


def block(heading: str, value: Array, look: str) -> Block:
    """A value as lines of one width; many rows and columns are abbreviated."""
    columns = 1 if value.ndim < 2 or value.shape[1] > _COLUMNS else _COLUMNS
    texts = entries(value, _ROWS, max(columns, 2))
    wide = max(len(text) for line in texts for text in line)
    return Block(heading, look, tuple(" ".join(f"{text:>{wide if text not in '⋯⋱' else 1}}" for text in line) for line in texts))


def boxed(graph: Graph, node: Node) -> Box:
    """A node with its equation, the equation of its gradient, its shape, and its numbers."""
    lines = [(node.equation or node.symbol, SIZE, "ink")]
    lines += [(node.remark, SMALL, "muted")] if node.remark else []
    back = graph.into(node.name) if node.kind in ("value", "parameter") else []
    for index, part in enumerate(back[0].result.split(" + ") if back else []):
        lines.append((part if index == 0 else rf"\text{{+ }}{part}", SMALL, "backward"))
    lines.append((r" \times ".join(map(str, node.shape)) or r"\text{a number}", SMALL - 1, "muted"))
    blocks = [] if node.value is None else [block(node.symbol if node.equation else "", node.value, "forward")]
    blocks += [] if node.gradient is None else [block(f"d{node.symbol}", node.gradient, "backward")]
    return Box(node, tuple(lines), tuple(blocks))


@dataclass
class Layout:
    """All boxes in their places."""

    boxes: dict[str, Box]
    wide: float
    high: float
    beside: float
    """where the boxes on the left begin"""


def laid_out(graph: Graph) -> Layout:
    """The column x, z1, a1 ... J, and to the left of each what else it is computed from."""
    column = [node for node in graph if node.kind in ("input", "value") or node.name == "J"]
    mains = [boxed(graph, node) for node in column]
    lefts = [
        [boxed(graph, other) for other in graph.inputs(node.name) if other is not before]
        for before, node in zip([None, *column], column, strict=False)
    ]
    others = [box for group in lefts for box in group]
    written_out = [width(edge.detail.partition(" = ")[2], SMALL) + UP + 28 for edge in graph.backward]
    wide_left = max(box.wide for box in others)
    wide_main = max(*(box.wide for box in mains), *(wide for wide in written_out if wide <= WIDEST))
    beside = MARGIN + (RAIL if any(node.name == "R" for node in graph) else 0.0)
    for box in others:
        box.x, box.wide = beside, wide_left
    for box in mains:
        box.x, box.wide = beside + wide_left + REACH, wide_main
    main_end, left_end = MARGIN - GAP, MARGIN + 44.0
    for main, group in zip(mains, lefts, strict=True):
        main_end, left_end = _placed(main, group, main_end + GAP, left_end)
    right = mains[0].right + (FUSED if graph.fused is not None else 0.0)
    boxes = {box.node.name: box for box in (*mains, *others)}
    return Layout(boxes, right + MARGIN, max(main_end, left_end) + MARGIN, beside)


def _placed(main: Box, group: list[Box], top: float, free: float) -> tuple[float, float]:
    """Put a box below ``top`` and its inputs below ``free``, as high as can be; its arrows are to be level. Where both end."""
    if not group:
        main.y = top
        return top + main.high, free
    tops = [0.0]
    for box in group:
        tops.append(tops[-1] + box.high + BETWEEN)
    first, last = group[0].high / 2 - 18, tops[-2] + group[-1].high / 2 + 18
    spare = max(main.high - (last - first), 0.0) / 2
    start = max(free, top - first + spare)
    for box, offset in zip(group, tops, strict=False):
        box.y = start + offset
    main.y, main.high = start + first - spare, last - first + 2 * spare
    return main.y + main.high, start + tops[-1] - BETWEEN + (50 if group[-1].node.name == "R" else 20)
