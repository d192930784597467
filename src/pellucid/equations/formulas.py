"""Records from formulas: every face of an activation or a loss, made of its text.

The text is parsed (never evaluated), rewritten into stable pieces, and derived; at a kink the derivative is the right one, but that of |x|
is 0 at 0. What cannot be trained with is refused: a formula has to be finite, with its derivative, at 0 and for |x| <= 100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pellucid.equations.admission import MAX_KINKS, borders, kinks, line, not_finite_at, values_of
from pellucid.equations.arrays import Array
from pellucid.equations.faces import function_of, text_of
from pellucid.equations.records import ARGUMENTS, CLOSED_UNIT, NOT_NEGATIVE, OPEN_UNIT, POSITIVE, REAL, Interval
from pellucid.errors import FormulaError, InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.algebra import ZERO, contains, mapped, names, size, substitute, tidy
from pellucid.expressions.derivative import derivative, signs_from_the_right
from pellucid.expressions.enclosure import Bounds
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression, Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.stable import settled, stable
from pellucid.expressions.written import written

MAX_SIZE = 200
"""nodes of a formula; its derivative may have ten times as many"""
Z, A, Y_HAT, Y, ERROR = Symbol("z"), Symbol("a"), Symbol("y_hat"), Symbol("y"), Symbol("error")


@dataclass(frozen=True)
class Faces:
    """What the record of an activation is made of; the fields are those of `Elementwise`."""

    formula: str
    derivative_formula: str
    range: Interval
    kinks: tuple[float, ...]
    forward: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    pieces: tuple[str, str]
    tree: Expression
    """the formula in stable pieces; two with the same one are the same function"""


def activation_faces(text: str, known: Mapping[str, str]) -> Faces:
    """The faces of a = f(z), from a text in x or z.

    Args:
        text: the formula.
        known: formulas in z of further functions by name (gelu, silu ...), that the text may use.

    Raises:
        InputError: the text is no formula in one of them, or is not finite, jumps, or is constant.

    """
    where = "the activation"
    more = {name: _function(name, formula, where) for name, formula in known.items() if name not in FUNCTIONS}
    tree = parse(text, ARGUMENTS, where=where, functions={**more, "softmax": _softmax})
    used = [name for name in ARGUMENTS if contains(tree, Symbol(name))]
    if len(used) != 1:
        raise _refused(where, text, f"in {' and '.join(used) or 'no name'}", "a formula in x", "write it in one name")
    tree = substitute(tree, {Symbol("x"): Z})
    pieces, slope = _pieces_and_slope(tree, Z, where, text)
    place = not_finite_at([pieces, slope], line("z"))
    if place is not None:
        at, what = f"{used[0]} = {place['z']:g}", "it" if not_finite_at([pieces], line("z")) else "its derivative"
        expected = "a finite value and a finite derivative at 0 and for |x| <= 100"
        raise _refused(where, text, f"not finite: {what} cannot be shown to be at {at}", expected, "choose another, e.g. x * sigmoid(x)")
    found, jump = kinks(pieces, slope, "z")
    if jump is not None:
        raise _refused(where, text, f"one that jumps at {used[0]} = {jump:g}", "a continuous one", "let its parts meet")
    if len(found) > MAX_KINKS:
        raise _refused(where, text, f"one with more than {MAX_KINKS} kinks", "fewer for |x| <= 100", "write it with fewer corners")
    slope_in_a = substitute(slope, {pieces: A}) if pieces != Z else slope
    slope, slope_in_a = settled(slope), settled(slope_in_a)
    return Faces(
        formula=written(tree),
        derivative_formula=written(slope_in_a),
        range=values_of(pieces, "z"),
        kinks=tuple(found),
        forward=function_of(pieces, "z"),
        derivative=function_of(slope_in_a, "z", "a"),
        pieces=(text_of(pieces), text_of(slope_in_a)),
        tree=pieces,
    )


def _softmax(*arguments: Expression) -> Expression:
    told = sentence("softmax", "the formula of an activation", "no function of one number", "one such", 'name it alone, as "softmax"')
    raise InputError(told)


def _function(name: str, formula: str, where: str) -> Callable[..., Expression]:
    def build(*arguments: Expression) -> Expression:
        if len(arguments) != 1:
            raise InputError(sentence(f"the number of arguments of {name}", where, len(arguments), "1", "write it with one"))
        return substitute(parse(formula, ["z"]), {Z: arguments[0]})

    return build


def _pieces_and_slope(tree: Expression, by: Symbol, where: str, text: str) -> tuple[Expression, Expression]:
    """The formula in stable pieces, and its derivative."""
    if size(tree) > MAX_SIZE:
        raise _refused(where, text, f"one of {size(tree)} numbers, names and signs", f"at most {MAX_SIZE}", "write a shorter one")
    try:
        pieces = signs_from_the_right(stable(tree))
        slope = derivative(pieces, by)
    except RecursionError:
        raise _refused(where, text, "too deeply nested", "one with fewer brackets", "write it otherwise") from None
    if size(slope) > 10 * MAX_SIZE:
        raise _refused(where, text, f"one with a derivative of {size(slope)} parts", f"at most {10 * MAX_SIZE}", "write a shorter one")
    if slope == ZERO:
        got = "constant, or jumps between constants"
        raise _refused(where, text, got, "one with a slope", "without one, nothing is learned through it")
    return pieces, slope


def _refused(where: str, text: str, got: str, expected: str, repair: str) -> FormulaError:
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    return FormulaError(sentence("the formula", f"{where} {shown!r}", got, expected, repair), "", 0, 0)


# Losses

DOMAINS = {REAL: "identity", POSITIVE: "softplus", OPEN_UNIT: "sigmoid"}
"""what y_hat may be, the widest first, with the output that goes with it"""
TARGETS = (REAL, NOT_NEGATIVE, POSITIVE, CLOSED_UNIT, OPEN_UNIT)
SOME_TARGETS = (-1.5, -1.0, 0.0, 0.3, 1.0, 2.0)
"""at which a loss that is no function of the error is looked at for jumps"""


@dataclass(frozen=True)
class LossFaces:
    """What the record of a loss is made of; the fields are those of `Loss`."""

    formula: str
    derivative_formula: str
    domain: Interval
    targets: Interval
    kinks: tuple[float, ...]
    output: str
    contribution: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    pieces: tuple[str, str]
    borders: tuple[Callable[[Array, Array], Array], ...]
    tree: Expression
    """the formula in stable pieces; two with the same one are the same function"""


def loss_faces(text: str) -> LossFaces:
    """The faces of what each output adds to the loss, from a text in y_hat and y.

    y_hat and y may be any numbers for which the formula is found finite: all, else the positive ones, else those between 0 and 1.

    Raises:
        InputError: the text is no formula in both, or is not finite, jumps, or does not depend on y_hat.

    """
    where = "the loss"
    tree = parse(text, ["y_hat", "y"], where=where)
    for name in (Y_HAT, Y):
        if not contains(tree, name):
            raise _refused(where, text, f"without {name.key}", "a formula in y_hat and y", "e.g. log(cosh(y_hat - y))")
    pieces, slope = _pieces_and_slope(tree, Y_HAT, where, text)
    domain, targets = _domain(pieces, slope, text)
    of_error = tidy(substitute(pieces, {Y_HAT: Y + ERROR}))
    alone = not contains(of_error, Y)
    found = _loss_kinks(of_error, text) if alone else ()
    edges = () if alone else tuple(function_of(border, "y_hat", "y") for border in _edges(pieces, slope, domain, targets, text))
    slope = _zero_wins(settled(slope))
    return LossFaces(
        formula=written(tree),
        derivative_formula=written(slope),
        domain=domain,
        targets=targets,
        kinks=found,
        output=DOMAINS[domain],
        contribution=function_of(pieces, "y_hat", "y"),
        slope=function_of(slope, "y_hat", "y"),
        pieces=(text_of(pieces), text_of(slope)),
        borders=edges,
        tree=pieces,
    )


def _loss_kinks(of_error: Expression, text: str) -> tuple[float, ...]:
    found, jump = kinks(of_error, derivative(of_error, ERROR), ERROR.key)
    if jump is not None:
        raise _refused("the loss", text, f"one that jumps at y_hat - y = {jump:g}", "a continuous one", "let its parts meet")
    return tuple(found)


def _edges(pieces: Expression, slope: Expression, domain: Interval, targets: Interval, text: str) -> list[Expression]:
    """What changes its sign at a kink, if there is one."""
    kinked = False
    for y in SOME_TARGETS:
        if not targets.contains(Interval(y, y, (True, True))):
            continue
        fixed = [substitute(tree, {Y: nodes.Number(y)}) for tree in (pieces, slope)]
        found, jump = kinks(fixed[0], fixed[1], Y_HAT.key)
        if jump is not None and domain.contains(Interval(jump, jump, (True, True))):
            raise _refused("the loss", text, f"one that jumps at y_hat = {jump:g}, y = {y:g}", "a continuous one", "let its parts meet")
        kinked |= bool(found)
    return [border for border in borders(pieces) if contains(border, Y_HAT)] if kinked else []


def _domain(pieces: Expression, slope: Expression, text: str) -> tuple[Interval, Interval]:
    """The widest intervals of y_hat and y on which the loss and its slope are finite."""
    place = None
    for domain in DOMAINS:
        for targets in TARGETS:
            found = not_finite_at([pieces, slope], _boxes(domain, targets))
            if found is None:
                return domain, targets
            place = place or found
    at = ", ".join(f"{name} = {value:g}" for name, value in (place or {}).items())
    expected = "finite with its derivative for |y_hat|, |y| <= 100, or for positive ones, or for those between 0 and 1"
    raise _refused("the loss", text, f"not finite: it cannot be shown to be, or to have a derivative, at {at}", expected, "choose another")


def _boxes(domain: Interval, targets: Interval) -> dict[str, Bounds]:
    y_hat, y = _cells(domain), _cells(targets)
    first, second = (index.reshape(-1) for index in np.meshgrid(np.arange(len(y_hat)), np.arange(len(y)), indexing="ij"))
    return {
        name: Bounds.of(cells[index, 0], cells[index, 1]) for name, cells, index in (("y_hat", y_hat, first), ("y", y, second))
    }  # fmt: skip


def _cells(interval: Interval) -> np.ndarray:
    """An interval in cells, finer towards an open end; up to 100, and 0 and closed ends as cells of their own."""
    if interval == REAL:
        edges = np.linspace(-100, 100, 26)
    elif interval.high > 1:
        edges = np.concatenate([10.0 ** np.arange(-12, 0), [1, 3, 10, 30, 100]])
    else:
        small = 10.0 ** np.arange(-12, 0)
        edges = np.concatenate([small, [0.3, 0.5, 0.7], 1 - small[::-1]])
    points = [0.0] * (interval.contains(Interval(0.0, 0.0, (True, True)))) + [1.0] * (interval == CLOSED_UNIT)
    return np.array([*pairwise(edges), *[(point, point) for point in points]])


def _zero_wins(tree: Expression) -> Expression:
    """A fraction with nothing but targets above the line is 0 where these are, whatever is below it."""
    after = mapped(tree, _zero_wins)
    if isinstance(after, nodes.Divide) and names(after.numerator) == ["y"] and contains(after.denominator, Y_HAT):
        return nodes.Divide(after.numerator, after.denominator, zero_wins=True)
    return after
