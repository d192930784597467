"""The formulas of a layer side by side: forward on the left, backward on the right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from pellucid.expressions import nodes
from pellucid.expressions.latex import latex
from pellucid.expressions.nodes import Call, Equation, Expression, Symbol, hadamard
from pellucid.glassbox.derivation import Step
from pellucid.glassbox.derive import backward, forward, gradients
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import Names, m
from pellucid.glassbox.model import Model
from pellucid.glassbox.trace import CONVENTIONS
from pellucid.validation import one_of

if TYPE_CHECKING:
    from rich.table import Table as RichTable


@dataclass(frozen=True)
class LayerTable:
    """Two columns of equations, layer by layer: (name of the layer, forward, backward). It prints in terminals and notebooks.

    >>> import pellucid as pl
    >>> from pellucid.expressions.text import text
    >>> name, forward, backward = pl.layer_table().layers[0]
    >>> [text(equation) for equation in forward]
    ['z^[l] = W^[l] a^[l-1] + b^[l]', 'a^[l] = f^[l](z^[l])']
    """

    title: str
    layers: tuple[tuple[str, tuple[Equation, ...], tuple[Equation, ...]], ...]

    def to_latex(self) -> str:
        """As an ``array``, for a formula of its own."""
        lines = [r"\begin{array}{l|l|l}", r"\text{layer} & \text{forward propagation} & \text{backward propagation} \\ \hline"]
        for name, ahead, back in self.layers:
            for index, (left, right) in enumerate(zip_longest(ahead, back)):
                cells = [name if index == 0 else "", latex(left) if left else "", latex(right) if right else ""]
                lines.append(" & ".join(cells) + r" \\")
            lines[-1] += r" \hline"
        return "\n".join([*lines, r"\end{array}"])

    def to_markdown(self) -> str:
        """As a table of Markdown with LaTeX."""
        from pellucid.glassbox.render.two_columns import to_markdown

        return to_markdown(self)

    def to_html(self) -> str:
        """As an HTML page that stands on its own: MathML, no script, no network."""
        from pellucid.glassbox.render.two_columns import to_html

        return to_html(self)

    def __str__(self) -> str:
        from pellucid.glassbox.render.two_columns import to_text

        return to_text(self)

    def __rich__(self) -> RichTable:
        from pellucid.glassbox.render.two_columns import as_rich

        return as_rich(self)

    def _repr_html_(self) -> str:
        from pellucid.glassbox.render.two_columns import fragment

        return fragment(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"


def layer_table(model: Model | None = None, convention: str = "columns") -> LayerTable:
    r"""The formulas of forward and backward propagation side by side, for any layer l, or for each layer of a network.

    Forward, columns: z^[l] = W^[l] a^[l-1] + b^[l], a^[l] = f^[l](z^[l]). Backward: dz^[l] = da^[l] * f'^[l](z^[l]),
    dW^[l] = 1/m dz^[l] a^[l-1]^T, db^[l] = 1/m sum of dz^[l] over the samples, da^[l-1] = W^[l]^T dz^[l].

    Args:
        model: a network, whose rules, loss and L2 are then written out; without it, a layer l of any.
        convention: columns or rows.

    Raises:
        UnknownNameError: there is no such convention.

    >>> import pellucid as pl
    >>> print(pl.layer_table(convention="rows").to_markdown().splitlines()[2])
    | $l$ | $z^{[l]} = a^{[l-1]} W^{[l]} + b^{[l]}$ | $dz^{[l]} = da^{[l]} \odot f^{[l]'}\left(z^{[l]}\right)$ |
    >>> len(pl.layer_table(pl.Network([4, 5, 1])).layers)
    2

    """
    one_of(convention, CONVENTIONS, "the convention", "layer_table")
    columns = convention == "columns"
    if model is None:
        return LayerTable(f"Layer l ({convention} convention)", (("l", *_any_layer(columns)),))
    names = Names(model.architecture, columns, None, False, frozenset())
    builder, last = Builder(names, {}), names.last
    layers = []
    for layer in range(1, last + 1):
        ahead = [_equation(forward.z(builder, layer)), *map(_equation, forward.a(builder, layer))]
        back = [backward.da(builder, layer)] if layer == last else []
        back += [backward.dz(builder, layer), gradients.dW(builder, layer), gradients.db(builder, layer)]
        back += [backward.da(builder, layer - 1)] if layer > 1 else []
        layers.append((str(layer), tuple(ahead), tuple(map(_equation, back))))
    return LayerTable(f"{model.architecture} with {model.architecture.loss.spec} ({convention} convention)", tuple(layers))


def _equation(step: Step) -> Equation:
    """The name of a step and its last side."""
    left = step.left.sides if isinstance(step.left, Equation) else (step.left,)
    return Equation((*left, step.sides[-1]))


def _any_layer(columns: bool) -> tuple[tuple[Equation, ...], tuple[Equation, ...]]:
    W, b, z, a, below = Symbol("W", "l"), Symbol("b", "l"), Symbol("z", "l"), Symbol("a", "l"), Symbol("a", "l-1")
    dW, db, dz, da, da_below = Symbol("dW", "l"), Symbol("db", "l"), Symbol("dz", "l"), Symbol("da", "l"), Symbol("da", "l-1")
    mean = nodes.Divide(nodes.Number(1), m)
    product: tuple[Expression, ...] = (W, below) if columns else (below, W)
    gradient: tuple[Expression, ...] = (dz, below.T) if columns else (below.T, dz)
    back: tuple[Expression, ...] = (W.T, dz) if columns else (dz, W.T)
    axis = 1 if columns else 0
    ahead = Equation((z, nodes.MatMul(product) + b)), Equation((a, Call("f", (z,), 0, "l")))
    return ahead, (
        Equation((dz, hadamard(da, Call("f", (z,), 1, "l")))),
        Equation((dW, nodes.Multiply((mean, nodes.MatMul(gradient))))),
        Equation((db, nodes.Multiply((mean, nodes.SumOverSamples(dz, axis))))),
        Equation((da_below, nodes.MatMul(back))),
    )
