"""The rules of calculus, one `Step` each: what a rule says in general, then with the parts that were derived before, then tidied up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.algebra import HALF, ONE, ZERO, contains, names, number, substitute, tidy
from pellucid.expressions.derivative import (
    U,
    cases_derivative,
    definition_of,
    derivative_of,
    derivative_of_larger,
    linear,
)
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Call, Derivative, Expression, Negative, Number, Power, Symbol
from pellucid.expressions.text import text
from pellucid.glassbox.derivation import CALCULUS, Step

LETTERS = ("u", "v", "w", "s", "t", "p", "q", "r")

FUNCTION_RULES = {
    "exp": "derivative of the exponential: e^u stays as it is",
    "log": "derivative of the logarithm: 1/u",
    "sqrt": "derivative of the root: 1/(2 √u)",
    "sin": "derivative of the sine: the cosine",
    "cos": "derivative of the cosine: minus the sine",
    "sigmoid": "derivative of the sigmoid: σ(u) (1 - σ(u))",
    "tanh": "derivative of the hyperbolic tangent: 1 - tanh²(u)",
    "sinh": "derivative of the hyperbolic sine: the hyperbolic cosine",
    "cosh": "derivative of the hyperbolic cosine: the hyperbolic sine",
    "softplus": "derivative of softplus: the sigmoid",
    "normal_cdf": "derivative of Φ: the density of the normal distribution",
}


@dataclass
class Names:
    """Names for inner functions; the same function has the same name throughout."""

    taken: set[str]
    given: dict[Expression, Symbol] = field(default_factory=dict)

    def of(self, inner: Expression) -> Symbol:
        """The name of an inner function."""
        if inner not in self.given:
            name = next(name for name in self._free() if name not in self.taken)
            self.taken.add(name)
            self.given[inner] = Symbol(name)
        return self.given[inner]

    @staticmethod
    def _free() -> Iterator[str]:
        yield from LETTERS
        number = 1
        while True:
            yield f"u_{number}"
            number += 1


@dataclass(frozen=True)
class Found:
    """A derivative, tidy, and the steps that led to it (none if they were shown before)."""

    value: Expression
    steps: tuple[Step, ...]


class Rules:
    """Derives by one name, and writes down each rule that it uses."""

    def __init__(self, by: Symbol, partial: bool, inner: Names) -> None:
        self.by, self.partial, self.inner = by, partial, inner
        self.known: dict[Expression, Expression] = {}

    def d(self, tree: Expression) -> Derivative:
        """The derivative as it is written."""
        return Derivative(tree, self.by, self.partial)

    def derive(self, tree: Expression) -> Found:
        """The derivative of a tree; a part that was derived before is not derived again."""
        if tree in self.known:
            return Found(self.known[tree], ())
        sides, rule, steps = self._rule(tree)
        value = tidy(sides[-1])
        self.known[tree] = value
        return Found(value, (self.step(tree, [*sides, value], rule, steps),))

    def step(self, tree: Expression, sides: list[Expression], rule: str, steps: tuple[Step, ...]) -> Step:
        """The step d/dx tree = sides, each side once."""
        left = self.d(tree)
        kept: list[Expression] = []
        for side in sides:
            if side != left and (not kept or text(kept[-1]) != text(side)):
                kept.append(side)
        return Step(text(left), left, tuple(kept), rule, CALCULUS, steps=steps)

    def _rule(self, tree: Expression) -> tuple[list[Expression], str, tuple[Step, ...]]:
        """The sides, the rule in words, and the steps before."""
        if tree == self.by:
            return [ONE], f"derivative of {text(self.by)} by itself", ()
        if not contains(tree, self.by):
            held = ", ".join(text(Symbol(name)) for name in names(tree))
            return [ZERO], "constant rule" + (f": {held} held constant" if held else ""), ()
        match tree:
            case Negative(of):
                inner = self.derive(of)
                return [-self.d(of), -inner.value], "constant multiple rule, the constant being -1", inner.steps
            case nodes.Add(terms):
                return self._sum(terms)
            case nodes.Multiply(factors):
                return self._product(factors)
            case nodes.Divide(numerator, denominator):
                return self._quotient(numerator, denominator)
            case Power(base, exponent):
                return self._power(tree, base, exponent)
            case nodes.Cases():
                return self._cases(tree)
            case Call(function, arguments, 0, None) if function in FUNCTIONS:
                return self._function(tree, function, arguments)
        raise InputError(
            sentence("a formula", "differentiate", f"with a {type(tree).__name__}", "one of numbers", "write it entry by entry")
        )

    def _sum(self, terms: tuple[Expression, ...]) -> tuple[list[Expression], str, tuple[Step, ...]]:
        signed = [(isinstance(term, Negative), term.of if isinstance(term, Negative) else term) for term in terms]
        found = [self.derive(term) for _, term in signed]

        def summed(parts: list[Expression]) -> Expression:
            return nodes.Add(tuple(-part if minus else part for (minus, _), part in zip(signed, parts, strict=True)))

        rule = "sum rule" if not any(minus for minus, _ in signed) else "sum rule: each term on its own, with its sign"
        sides = [summed([self.d(term) for _, term in signed]), summed([part.value for part in found])]
        return sides, rule, tuple(step for part in found for step in part.steps)

    def _product(self, factors: tuple[Expression, ...]) -> tuple[list[Expression], str, tuple[Step, ...]]:
        fixed = [factor for factor in factors if not contains(factor, self.by)]
        moving = [factor for factor in factors if contains(factor, self.by)]
        if fixed:
            constant, rest = _times(fixed), _times(moving)
            inner = self.derive(rest)
            return [constant * self.d(rest), constant * inner.value], self._constant_multiple(constant), inner.steps
        found = [self.derive(factor) for factor in moving]

        def terms(parts: list[Expression]) -> Expression:
            return nodes.Add(tuple(_times([*moving[:i], part, *moving[i + 1 :]]) for i, part in enumerate(parts)))

        sides = [terms([self.d(factor) for factor in moving]), terms([part.value for part in found])]
        rule = "product rule: one factor derived, the others as they are" + ("" if len(moving) == 2 else ", and summed over the factors")
        return sides, rule, tuple(step for part in found for step in part.steps)

    def _constant_multiple(self, constant: Expression) -> str:
        held = ", ".join(text(Symbol(name)) for name in names(constant))
        return "constant multiple rule" + (f": {held} held constant" if held else "")

    def _quotient(self, above: Expression, below: Expression) -> tuple[list[Expression], str, tuple[Step, ...]]:
        if not contains(below, self.by):
            inner = self.derive(above)
            return [self.d(above) / below, inner.value / below], self._constant_multiple(below), inner.steps
        if not contains(above, self.by):
            base, exponent = (below.base, tidy(-below.exponent)) if isinstance(below, Power) else (below, Number(-1))
            power = Power(base, exponent)
            whole = power if above == ONE else above * power
            inner = self.derive(whole)
            return [self.d(whole), inner.value], "a fraction is a power with a negative exponent", inner.steps
        a, b = self.derive(above), self.derive(below)
        square = Power(below, Number(2))
        sides: list[Expression] = [
            (self.d(above) * below - above * self.d(below)) / square,
            (a.value * below - above * b.value) / square,
        ]
        return sides, "quotient rule: (f'g - f g')/g²", a.steps + b.steps

    def _power(self, tree: Expression, base: Expression, exponent: Expression) -> tuple[list[Expression], str, tuple[Step, ...]]:
        if not contains(exponent, self.by):
            if base != self.by:
                return self._chain(base, lambda u: Power(u, exponent))
            lowered = exponent - 1
            if exponent == Number(HALF):
                return [exponent * base ** Number(-HALF)], "power rule: n x^(n-1) with n = 1/2", ()
            sides: list[Expression] = [exponent * base**lowered]
            if (less := tidy(lowered)) != lowered and (value := number(less)) is not None and value.value < 0:
                sides.append(exponent * base**less)
            return sides, f"power rule: n x^(n-1) with n = {text(exponent)}", ()
        if not contains(base, self.by):
            if exponent != self.by:
                return self._chain(exponent, lambda u: Power(base, u))
            return [tree * Call("log", (base,))], "derivative of an exponential: a^x log(a)", ()
        rewritten = Call("exp", (exponent * Call("log", (base,)),))
        inner = self.derive(rewritten)
        back = tidy(substitute(inner.value, {rewritten: tree, tidy(rewritten): tree}))
        return [self.d(rewritten), inner.value, back], "a power with the name in base and exponent: u^v = e^(v log u)", inner.steps

    def _function(
        self, tree: Expression, function: str, arguments: tuple[Expression, ...]
    ) -> tuple[list[Expression], str, tuple[Step, ...]]:
        if function in ("max", "min"):
            return self._largest(arguments, function)
        if function == "relu":
            return self._largest((ZERO, *arguments), "max")
        (argument,) = arguments
        if argument != self.by:
            return self._chain(argument, lambda u: Call(function, (u,)))
        if function == "abs":
            return [Call("sign", arguments)], "derivative of |x|: -1, 0 or 1, the sign of x", ()
        if function == "sign":
            return [ZERO], "the sign is constant on both sides of 0", ()
        found = derivative_of(function)
        assert found is not None
        rule = FUNCTION_RULES.get(function, f"derivative of {function}: {text(found)}")
        return [substitute(found, {U: argument})], rule, ()

    def _chain(self, inner: Expression, outer: Callable[[Symbol], Expression]) -> tuple[list[Expression], str, tuple[Step, ...]]:
        new = inner not in self.inner.given
        u = self.inner.of(inner)
        of_u = Rules(u, len(names(outer(u))) > 1, self.inner)
        first, second = of_u.derive(outer(u)), self.derive(inner)
        named = Step(u.key, u, (inner,), f"the inner function, named {u.key}", CALCULUS)
        in_u = tidy(first.value * second.value) if not contains(second.value, self.by) else first.value * second.value
        back = substitute(in_u, {u: inner})
        sides = [of_u.d(outer(u)) * self.d(u), first.value * second.value, in_u, back]
        letters = f"dy/d{u.key} · d{u.key}/d{text(self.by)}"
        rule = f"chain rule: {letters} with {u.key} = {text(inner)}, which is put back in the end"
        return sides, rule, ((named,) if new else ()) + first.steps + second.steps

    def _largest(self, arguments: tuple[Expression, ...], which: str) -> tuple[list[Expression], str, tuple[Step, ...]]:
        if len(arguments) > 2:
            arguments = (Call(which, arguments[:-1]), arguments[-1])
        a, b = arguments
        found = self.derive(a), self.derive(b)
        cases = derivative_of_larger(a, b, found[0].value, found[1].value, self.by, which)
        larger = {"max": "larger", "min": "smaller"}[which]
        border = linear(a - b, self.by)
        at = f"{text(self.by)} = {text(border[1])}" if border is not None and border[0] and number(border[1]) else "a tie"
        return (
            [cases],
            f"derivative of the {larger} of two: that of the {larger} one; at {at} the right one",
            found[0].steps + found[1].steps,
        )

    def _cases(self, tree: nodes.Cases) -> tuple[list[Expression], str, tuple[Step, ...]]:
        found = [self.derive(value) for value in (*(value for value, _ in tree.branches), tree.otherwise)]
        rule = "each case on its own; at a border the one on its right"
        return [cases_derivative(tree, self.by, [part.value for part in found])], rule, tuple(s for part in found for s in part.steps)


def _times(factors: list[Expression]) -> Expression:
    return factors[0] if len(factors) == 1 else nodes.Multiply(tuple(factors))


def unfolded(tree: Expression) -> Expression | None:
    """What a function of a bare name is short for: 1/(1 + e^-x) for σ(x)."""
    match tree:
        case Call(function, (Symbol() as argument,), 0, None) if function in FUNCTIONS and (meant := definition_of(function)) is not None:
            return substitute(meant, {U: argument})
    return None
