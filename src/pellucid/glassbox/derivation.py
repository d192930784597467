"""Derivation: equations step by step, each with the rule that justifies it, its shape, and with a sample its value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.errors import unknown_name
from pellucid.expressions.evaluate import Values, evaluate
from pellucid.expressions.latex import latex
from pellucid.expressions.nodes import Expression
from pellucid.expressions.text import text

if TYPE_CHECKING:
    from rich.console import Group

FORWARD, COST, BACKWARD, UPDATE, CALCULUS = "forward", "cost", "backward", "update", "calculus"
"""the parts of a derivation; a renderer gives each its colour"""


MOST_NAMES = 40
"""of steps, that an error lists"""


@dataclass(frozen=True)
class Step:
    """One line: symbol = side = side ..., why, of which shape, and what it comes to.

    The last of the ``sides`` is executable: evaluated on the values of the derivation, it gives ``value``. The sides before it show the
    way there (the chain rule, a product before something cancels); they have the same value, where they have one at all.

    >>> import pellucid as pl
    >>> step = pl.derive(pl.Network([4, 5, 1]))["z1"]
    >>> step.text, step.equation, step.shape
    ('z^[1] = W^[1] x + b^[1]', 'z^{[1]} = W^{[1]} x + b^{[1]}', (5, 'm'))
    """

    symbol: str
    """what it is the equation of, by its plain name: z1, dW2, J; of one entry, W1[3,2]"""
    left: Expression
    """the same as a tree"""
    sides: tuple[Expression, ...]
    rule: str
    """what justifies it, in words"""
    part: str
    """forward, cost, backward, update or calculus"""
    shape: tuple[int | str, ...] | None = None
    """a number of samples that is not known is m"""
    shapes: str = ""
    """the arithmetic of the shapes: (5 x 4)(4 x 1) + (5 x 1)"""
    value: Any = field(default=None, compare=False)
    """an array or a number; None without a sample"""
    steps: tuple[Step, ...] = ()
    """the smaller steps that this one is made of, such as a cancellation line by line"""
    shown: tuple[Expression, ...] | None = None
    """the sides as they are shown, where they are abbreviated by dots"""

    @property
    def equation(self) -> str:
        """As LaTeX."""
        return " = ".join(latex(side) for side in (self.left, *(self.shown or self.sides)))

    @property
    def text(self) -> str:
        """As one line of Unicode."""
        return " = ".join(text(side) for side in (self.left, *(self.shown or self.sides)))

    def evaluate(self, values: Values) -> Any:
        """What the equation comes to on given values, in the shape of the step's value.

        A constant such as f'(z) = 1 stands for every entry; J of one sample is a number, and b is flat where samples are rows.
        """
        found = evaluate(self.sides[-1], values)
        shape = np.shape(self.value)
        if self.value is None or np.shape(found) == shape:
            return found
        if np.ndim(found) == 0:
            return np.broadcast_to(found, shape)
        return np.reshape(found, shape) if np.shape(found) == (1, *shape) or np.size(found) == 1 == np.size(self.value) else found

    def walk(self) -> Iterator[Step]:
        """The step and those within it, the inner ones first."""
        for inner in self.steps:
            yield from inner.walk()
        yield self


Cell: TypeAlias = str | tuple[Step, ...]


@dataclass(frozen=True)
class Table:
    """Cells below headings: texts, or equations below each other."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Section:
    """Steps under a heading, such as those of one layer."""

    title: str
    steps: tuple[Step, ...]
    note: str = ""
    """a sentence or two before the steps"""
    table: Table | None = None
    """between the note and the steps"""


@dataclass(frozen=True)
class Derivation:
    """Sections of steps; iterating gives every `Step` in order, and a symbol its step.

    Raises:
        KeyError: no step has that symbol; the nearest is suggested.

    >>> import numpy as np
    >>> import pellucid as pl
    >>> derivation = pl.derive(pl.Network([2, 1], ["sigmoid"]), sample=([0.5, -1.0], 1))
    >>> [step.symbol for step in derivation][-5:]
    ['dz1', 'dW1', 'db1', 'W_new1', 'b_new1']
    >>> all(np.allclose(step.evaluate(derivation.values), step.value) for step in derivation)
    True

    """

    title: str
    sections: tuple[Section, ...]
    values: Values
    """what the names in the equations stand for; empty without a sample"""
    convention: str = "columns"

    def __iter__(self) -> Iterator[Step]:
        for section in self.sections:
            for step in section.steps:
                yield from step.walk()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, symbol: str) -> Step:
        for step in self:
            if step.symbol == symbol:
                return step
        raise KeyError(str(unknown_name("step", symbol, [step.symbol for step in self][:MOST_NAMES])))

    def to_text(self, precision: int = 4) -> str:
        """As plain text with Unicode mathematics."""
        from pellucid.glassbox.render.terminal import to_text

        return to_text(self, precision)

    def to_markdown(self, precision: int = 4) -> str:
        """As Markdown with LaTeX."""
        from pellucid.glassbox.render.markdown import to_markdown

        return to_markdown(self, precision)

    def to_latex(self, precision: int = 4) -> str:
        """As a LaTeX document that stands on its own."""
        from pellucid.glassbox.render.tex import to_latex

        return to_latex(self, precision)

    def to_html(self, precision: int = 4) -> str:
        """As an HTML page that stands on its own: MathML, no script, no network."""
        from pellucid.glassbox.render.page import to_html

        return to_html(self, precision)

    def __str__(self) -> str:
        return self.to_text()

    def __rich__(self) -> Group:
        from pellucid.glassbox.render.terminal import as_rich

        return as_rich(self)

    def _repr_html_(self) -> str:
        from pellucid.glassbox.render.page import fragment

        return fragment(self)

    def _repr_latex_(self) -> str:
        from pellucid.glassbox.render.tex import fragment

        return fragment(self)
