"""What `gradient_health` gives: the measures, the findings, what the tried remedies did; as text, in a terminal, in a notebook."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.glassbox.health.finding import ENOUGH_ROWS, LEARNED, Finding
from pellucid.glassbox.health.measures import Distribution, LayerHealth, Measured
from pellucid.glassbox.health.verdicts import words
from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text

if TYPE_CHECKING:
    from rich.console import Group

LEGEND = (
    "gradient: ||dW_l||; update: ||W_new - W|| / ||W|| ({step}); activation: ||dz_l|| / ||da_l||, "
    "weights: ||da_(l-1)|| / ||dz_l||, the factors by which layer l passes the gradient on; "
    "product: ||dz_l|| / ||dz_L||, all factors from the output down to dz_l"
)


@dataclass(frozen=True)
class Course:
    """How a short training went."""

    losses: tuple[float, ...]
    """J before it and after each epoch, on all rows, by the loss of the model as it was given"""
    products: tuple[float, float]
    """the product of layer 1, ||dz_1|| / ||dz_L||, before it and after it"""
    ended: str
    """epochs; or divergence, interrupt ..."""


@dataclass(frozen=True)
class Trial:
    """A remedy that was tried: the same data, order of the batches, seed and number of epochs, without it and with it."""

    name: str
    without: Course
    remedied: Course

    @property
    def helped(self) -> bool:
        """Whether the loss is lower at the end than without it."""
        return self.remedied.losses[-1] < self.without.losses[-1]


@dataclass(frozen=True)
class HealthReport:
    """The result of `gradient_health`: a `LayerHealth` for each layer, what was found, and what a remedy did.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> report = pl.gradient_health(net, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> report.healthy, report.verdict, report.verdicts
    (True, 'healthy', ('healthy', 'healthy'))
    """

    measured: Measured
    findings: tuple[Finding, ...]
    step: str
    """the step that was measured, in words"""
    rows: int
    """how many samples"""
    trials: tuple[Trial, ...] = ()
    epochs: int = 0
    """how long a remedy was tried"""

    @property
    def layers(self) -> tuple[LayerHealth, ...]:
        """The measures of layers 1..L."""
        return self.measured.layers

    @property
    def cost(self) -> float:
        """J."""
        return self.measured.cost

    @property
    def healthy(self) -> bool:
        """Nothing was found."""
        return not self.findings

    @property
    def verdict(self) -> str:
        """In one line."""
        return "; ".join(finding.verdict for finding in self.findings) or "healthy"

    @property
    def verdicts(self) -> tuple[str, ...]:
        """A word or two on each layer."""
        return tuple(words(self.findings, layer.index) for layer in self.layers)

    def _tables(self) -> Iterator[Table]:
        colors = ["green" if verdict == "healthy" else "bold red" for verdict in self.verdicts]
        headings = ("layer", "gradient", "update", "activation", "weights", "product", "verdict")
        rows = [
            (
                _label(layer),
                *map(_number, (layer.gradient_norm, layer.update_ratio, layer.activation_factor, layer.weight_factor, layer.product)),
                verdict,
            )
            for layer, verdict in zip(self.layers, self.verdicts, strict=True)
        ]
        yield Table(f"Gradient health on {self.rows:,} rows: J = {self.cost:.4g}", headings, rows, colors, compact=True)
        units = [_units(layer) for layer in self.layers]
        yield Table("Units", ("layer", "units", "mean of |f'(z)|", "saturated", "dead"), units, colors, compact=True)
        spreads = [(str(layer.index), *_spread(layer.z), *_spread(layer.a)) for layer in self.layers]
        yield Table("z and a: mean ± standard deviation", ("layer", "z", "5 % to 95 %", "a", "5 % to 95 %"), spreads, colors, compact=True)
        if self.trials:
            yield self._trials()

    def _trials(self) -> Table:
        first = self.trials[0].without
        rows = [("as it is", *_course(first))]
        rows += [(f"with {trial.name}", *_course(trial.remedied)) for trial in self.trials]
        best = min(self.trials, key=lambda trial: trial.remedied.losses[-1])
        colors = ["", *("green" if trial.helped else "bold red" for trial in self.trials)]
        told = f"{best.name} helps" if best.helped else "no remedy helped"
        headings = ("training", "J before", "J after", "product of layer 1", "after")
        return Table(f"Tried for {self.epochs} epochs: {told}", headings, rows, colors)

    def _sentences(self) -> Iterator[tuple[str, str, str]]:
        """Verdict, reason and remedy of each finding."""
        for finding in self.findings:
            remedy = finding.remedy.advice
            yield finding.verdict, f"{finding.reason[:1].upper()}{finding.reason[1:]}.", f"{remedy[:1].upper()}{remedy[1:]}."

    def _legend(self) -> str:
        return LEGEND.format(step=self.step)

    def _summary(self) -> str:
        if self.measured.error_is_zero:
            return "healthy: the error is zero, there is nothing to pass back"
        if self.healthy and self.measured.unexplained <= LEARNED:
            return f"healthy: these rows are learned, {self.measured.unexplained:.1%} of the variance of y is left"
        if self.healthy and self.rows < ENOUGH_ROWS:
            return f"healthy, but {self.rows} rows are too few to tell dead units"
        return self.verdict

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        parts: list[object] = [as_rich(table) for table in self._tables()]
        parts.insert(1, Text(self._legend(), style="dim"))
        if self.healthy:
            parts.append(Text(f"Verdict: {self._summary()}", style="bold green"))
        for verdict, reason, remedy in self._sentences():
            parts.append(Text.assemble((f"{verdict[:1].upper()}{verdict[1:]}. ", "bold red"), reason))
            parts.append(Text.assemble(("Remedy: ", "bold"), remedy))
        return Group(*parts)  # type: ignore[arg-type]

    def __str__(self) -> str:
        told = [f"{verdict[:1].upper()}{verdict[1:]}. {reason}\nRemedy: {remedy}" for verdict, reason, remedy in self._sentences()]
        tables = [as_text(table) for table in self._tables()]
        tables.insert(1, textwrap.fill(self._legend(), 130))
        return "\n".join([*tables, *(told or [f"Verdict: {self._summary()}"])])

    def _repr_html_(self) -> str:
        told = [
            f"<p><b>{html.escape(verdict)}.</b> {html.escape(reason)} <i>{html.escape(remedy)}</i></p>"
            for verdict, reason, remedy in self._sentences()
        ] or [f"<p><b>{html.escape(self._summary())}</b></p>"]
        tables = [as_html(table) for table in self._tables()]
        tables.insert(1, f"<p>{html.escape(self._legend())}</p>")
        return "".join([*tables, *told])


def _label(layer: LayerHealth) -> str:
    name = layer.activation if len(layer.activation) <= 18 else f"{layer.activation[:15]}..."
    return f"{layer.index} {name}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.3g}" if 0.01 <= value < 1000 or value == 0 else f"{value:.1e}"


def _units(layer: LayerHealth) -> tuple[str, ...]:
    flat = f"{layer.saturated:.0%}{' off' if layer.one_sided else ''}"
    return _label(layer), str(layer.n_units), _number(layer.derivative), flat, f"{layer.dead:.0%}"


def _spread(found: Distribution) -> tuple[str, str]:
    if math.isnan(found.mean):
        return "not finite", "-"
    return f"{found}", f"{found.quantiles[1]:.2g} to {found.quantiles[-2]:.2g}"


def _course(course: Course) -> tuple[str, str, str, str]:
    after = f"{course.losses[-1]:.4g}" if course.ended == "epochs" else f"{course.losses[-1]:.4g} ({course.ended})"
    return f"{course.losses[0]:.4g}", after, _number(course.products[0]), _number(course.products[1])
