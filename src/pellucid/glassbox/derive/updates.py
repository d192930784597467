"""The step of the optimizer: w_new = w_old - alpha dJ/dw, or what another optimizer makes of the gradient, at the first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from pellucid.equations.schedules import Horizon, Plateau
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, Symbol
from pellucid.glassbox.derivation import UPDATE, Step
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import ALPHA, Doubled

MU, RHO, EPSILON, BETA_1, BETA_2, T, DECAY = map(Symbol, ("mu", "rho", "epsilon", "beta_1", "beta_2", "t", "lambda_decay"))
FIRST = Horizon(steps_per_epoch=1, steps=1)


@dataclass(frozen=True)
class Parameter:
    """A parameter, whole or one entry: W^[1], or w_32^[1]."""

    kind: str
    """W or b"""
    layer: int
    index: tuple[int, ...] = ()

    @property
    def old(self) -> Symbol:
        """Before the step."""
        return Symbol(self.kind, self.layer, self.index)

    @property
    def gradient(self) -> Symbol:
        """dW or db."""
        return Symbol(f"d{self.kind}", self.layer, self.index)

    @property
    def new(self) -> Symbol:
        """After the step."""
        return Symbol(f"{self.kind}_new", self.layer, self.index)

    def state(self, letter: str, mark: str = "") -> Symbol:
        """What the optimizer remembers of it: v, m, r."""
        return Symbol(f"{letter}_{self.kind}{mark}", self.layer, self.index)


@dataclass(frozen=True)
class Line:
    """One line of an update."""

    left: Symbol
    side: Expression
    rule: str


def _descent(of: Parameter) -> list[Line]:
    rule = "a step against the gradient, which is the direction of steepest ascent; alpha is its size"
    return [Line(of.new, of.old - ALPHA * of.gradient, rule)]


def _velocity(of: Parameter) -> Line:
    rule = "the velocity: a share mu of the last one, and a step against the gradient; it is 0 at the start"
    return Line(of.state("v"), MU * of.state("v", "_old") - ALPHA * of.gradient, rule)


def _momentum(of: Parameter) -> list[Line]:
    return [_velocity(of), Line(of.new, of.old + of.state("v"), "the parameter moves by the velocity")]


def _nesterov(of: Parameter) -> list[Line]:
    rule = "the velocity as it will be after one more step, by the same gradient"
    return [_velocity(of), Line(of.new, of.old + MU * of.state("v") - ALPHA * of.gradient, rule)]


def _root(x: Expression) -> nodes.Power:
    return nodes.Power(x, nodes.Number(Fraction(1, 2)))


def _adagrad(of: Parameter) -> list[Line]:
    r = of.state("r")
    return [
        Line(r, of.state("r", "_old") + of.gradient**2, "the sum of the squared gradients so far"),
        Line(
            of.new,
            of.old - ALPHA * of.gradient / _root(r + EPSILON),
            "each parameter has a step of its own: the smaller, the more it has moved",
        ),
    ]


def _rmsprop(of: Parameter) -> list[Line]:
    r = of.state("r")
    return [
        Line(r, RHO * of.state("r", "_old") + (1 - RHO) * of.gradient**2, "a running mean of the squared gradient"),
        Line(of.new, of.old - ALPHA * of.gradient / (_root(r) + EPSILON), "the gradient in units of its usual size"),
    ]


def _moments(of: Parameter) -> list[Line]:
    m, v = of.state("m"), of.state("v")
    return [
        Line(m, BETA_1 * of.state("m", "_old") + (1 - BETA_1) * of.gradient, "a running mean of the gradient"),
        Line(v, BETA_2 * of.state("v", "_old") + (1 - BETA_2) * of.gradient**2, "a running mean of its square"),
        Line(of.state("m", "_hat"), m / (1 - BETA_1**T), "divided by the share of the mean that is not its start, 0"),
        Line(of.state("v", "_hat"), v / (1 - BETA_2**T), "the same"),
    ]


def _adam_step(of: Parameter) -> Expression:
    return ALPHA * of.state("m", "_hat") / (_root(of.state("v", "_hat")) + EPSILON)


def _adam(of: Parameter) -> list[Line]:
    return [*_moments(of), Line(of.new, of.old - _adam_step(of), "the mean gradient in units of its usual size")]


def _adamw(of: Parameter) -> list[Line]:
    side = of.old - _adam_step(of) - ALPHA * DECAY * of.old
    return [*_moments(of), Line(of.new, side, "Adam's step, and beside it each parameter decays towards 0")]


LINES: Mapping[type[Optimizer], tuple[Callable[[Parameter], list[Line]], str]] = {
    GradientDescent: (_descent, ""),
    Momentum: (_momentum, "v"),
    Nesterov: (_nesterov, "v"),
    AdaGrad: (_adagrad, "r"),
    RMSprop: (_rmsprop, "r"),
    Adam: (_adam, "mv"),
    AdamW: (_adamw, "mv"),
}
"""the lines of each optimizer, and the letters of its state"""
SETTINGS = {"mu": "momentum", "rho": "rho", "epsilon": "epsilon", "beta_1": "beta_1", "beta_2": "beta_2", "lambda_decay": "weight_decay"}


def note(rule: Optimizer | LBFGS) -> str:
    """What is said before the lines."""
    if isinstance(rule, LBFGS):
        return "L-BFGS has no formula for one parameter: it searches along a direction that it makes of the last gradients of all."
    if type(rule) not in LINES:
        return f"The step of {type(rule).__name__} is what its update method computes."
    settings = [f"{name} = {getattr(rule, item):g}" for name, item in SETTINGS.items() if hasattr(rule, item)]
    return f"{type(rule).__name__}, first step: " + ", ".join([f"alpha = {learning_rate(rule):g}", *settings]) + "."


def learning_rate(rule: Optimizer) -> float:
    """Of the first step."""
    return float(rule.schedule.rates(0, 1, FIRST, Plateau())[0])


def steps(builder: Builder, rule: Optimizer | LBFGS, of: Parameter) -> tuple[Step, ...]:
    """The lines of one parameter."""
    if type(rule) not in LINES:
        return ()
    assert isinstance(rule, Optimizer)
    lines, _ = LINES[type(rule)]
    shape: tuple[int | str, ...] = () if of.index else builder.names.shape(*builder.sizes[of.layer - 1 : of.layer + 1][::-1])
    if of.kind == "b" and not of.index:
        n = builder.sizes[of.layer]
        shape = (n, 1) if builder.names.columns else (n,)
    return tuple(_step(builder, line, of, shape) for line in lines(of))


def _step(builder: Builder, line: Line, of: Parameter, shape: tuple[int | str, ...]) -> Step:
    name = line.left.key + (f"[{','.join(map(str, of.index))}]" if of.index else "")
    whole = builder.values.get(line.left.key)
    value = whole if whole is None or not of.index else whole.reshape(whole.shape[: len(of.index)])[tuple(i - 1 for i in of.index)]
    return builder.step(name, line.left, (line.side,), line.rule, UPDATE, shape=shape, value=value)


def values(model: Doubled, rule: Optimizer | LBFGS, gradients: Mapping[str, Array], columns: bool) -> dict[str, Any]:
    """The settings, the state before and after the step, and the new parameters, by the optimizer's own functions."""
    if type(rule) not in LINES:
        return {}
    assert isinstance(rule, Optimizer)
    architecture, theta = model.architecture, model.vector
    letters, alpha = LINES[type(rule)][1], learning_rate(rule)
    g = theta.copy()
    for name, part in architecture.named(g).items():
        given = gradients[f"d{name}"]
        part[...] = (given.T if columns else given).reshape(part.shape)
    before = rule.init(theta)
    new, after = rule.update(theta, g, before, alpha, 1)
    found = {f"{letter}_{{}}_old": part for letter, part in zip(letters, before, strict=True)}
    found |= {f"{letter}_{{}}": part for letter, part in zip(letters, after, strict=True)}
    if isinstance(rule, Adam):
        found |= {"m_{}_hat": after[0] / (1 - rule.beta_1), "v_{}_hat": after[1] / (1 - rule.beta_2)}
    found["{}_new"] = new

    def lay(part: Array) -> Array:
        return (part[:, None] if part.ndim == 1 else part.T) if columns else part

    laid = {
        f"{pattern.format(name[0])}{name[1:]}": lay(part)
        for pattern, flat in found.items()
        for name, part in architecture.named(flat).items()
    }
    settings = {name: getattr(rule, item) for name, item in SETTINGS.items() if hasattr(rule, item)}
    return {**laid, **settings, "alpha": alpha, "t": 1}
