"""Derivations to be rendered: by hand, with every construct and with hostile names, and of all rules of the catalogue."""

from __future__ import annotations

from functools import cache

import numpy as np

import pellucid as pl
from pellucid.equations import activations, losses
from pellucid.expressions.nodes import (
    Call,
    Cases,
    Compare,
    Derivative,
    Diagonal,
    Divide,
    Dots,
    Equation,
    Expression,
    Matrix,
    Negative,
    Number,
    Power,
    SquaredNorm,
    Sum,
    SumAll,
    SumOverSamples,
    SumOverUnits,
    Symbol,
    hadamard,
)
from pellucid.glassbox.derivation import Derivation, Section, Step, Table
from random_networks import allowed, targets

NASTY = [
    "<script>alert('x')</script>",
    "a & b < c > d",
    "petal_length *wide* `code`",
    "[link](http://evil.example) @somebody #12 ~~gone~~",
    "100 % of {x} \\input{/etc/passwd} $1$ ^2 ~ |",
    "- no list",
    "1. no list",
    "\x1b[31mred\x1b[0m \x07",
    "größe, naïve, Łódź, 中文, 🌸, \u202egnp",
    "two\nlines\tand a tab",
    "www.evil.example",
]
W, b, x, z, a, y, y_hat = Symbol("W", 1), Symbol("b", 1), Symbol("x"), Symbol("z", 1), Symbol("a", 1), Symbol("y"), Symbol("y_hat")
a2, dz2, i = Symbol("a", 2), Symbol("dz", 2), Symbol("a", 2, (1,))
MANY = [Symbol("w", 1, (3, k)) * Symbol("x", index=(k,)) for k in range(1, 41)]
LONG = sum(MANY[1:], MANY[0])

CONSTRUCTS: dict[str, Expression] = {
    "product": W @ x + b,
    "transpose": dz2 @ a.T,
    "transpose of a sample": Symbol("a", 1, (), "i").T,
    "transpose of a sum": (a + b).T,
    "element-wise": hadamard(Symbol("da", 1), Call("f", (z,), 1, 1)),
    "cases": Cases(((x, Compare(x, ">=", Number(0))),), Number(0.01) * x),
    "two conditions": Cases(((x, Compare(Number(0), "<", x, Compare(x, "<", Number(1)))),), Number(0)),
    "mean": Divide(Number(1), Symbol("m")) * SumOverSamples(dz2, 1),
    "sum over units": a2 - SumOverUnits(hadamard(a2, dz2), 0),
    "sum": Sum(Symbol("w", 1, (3, "k")) * Symbol("x", index=("k",)), "k", 1, "d", 4),
    "sum of all": SumAll(W),
    "norm": Divide(Symbol("lambda"), 2 * Symbol("m")) * SquaredNorm(W),
    "diagonal": dz2 @ Diagonal(Symbol("s")) @ a.T,
    "absolute": Call("abs", (y_hat - y,)),
    "root": Call("sqrt", (x + 1,)),
    "exponential": Divide(Number(1), 1 + Call("exp", (-x,))),
    "functions": Call("softplus", (x,)) + Call("normal_cdf", (x,)) + Call("log", (x,)) ** 2 + Call("max", (Number(0), x)),
    "derivative": Derivative(Symbol("J"), Symbol("w", 1, (3, 2))),
    "derivative of a sum": Derivative(x**2 + x, x, partial=False),
    "cancelling": (Negative(Divide(y, a2)) + Divide(1 - y, 1 - a2)) * a2 * (1 - a2),
    "jacobian": Matrix(((i * (1 - i), Negative(i * a2)), (Negative(a2 * i), a2))),
    "matrix with dots": Matrix(((x, Dots(), y), (Dots(), Dots(), Dots()), (a, Dots(), b))),
    "power": Power(x + y, Number(3)) + y_hat**2 + Power(x, Symbol("n")),
    "small number": Number(1e-8) * x,
    "names": Symbol("learning_rate") * Symbol("y_hat", None, ("k",)) * Symbol("momentum"),
    "long sum": LONG,
    "long cases": Cases(((LONG, Compare(x, ">=", Number(0))),), Call("log", (LONG,))),
    "long product": Call("log", (LONG,)) * Divide(sum(MANY[1:20], MANY[0]), Symbol("m")) * Call("sqrt", (LONG,)),
    "long jacobian": Matrix(tuple(tuple(Symbol("a", 2, (j,)) * (1 - Symbol("a", 2, (k,))) for k in range(1, 12)) for j in (1, 2))),
}  # fmt: skip


@cache
def by_hand() -> Derivation:
    """Every construct, every part, values of all kinds, steps within steps, hostile words, tables."""
    parts = ["forward", "cost", "backward", "update", "calculus"]
    values = [None, 0.5, 1e-9, np.inf, [[1.0], [-2.5]], np.arange(6.0), np.linspace(-1e-3, 1, 128 * 784).reshape(128, 784)]
    steps = tuple(
        Step(f"s{n}", Symbol("J"), (tree,), f"this is {name}", parts[n % 5], (3, 2), "(3 x 4)(4 x 2)", values[n % 7])
        for n, (name, tree) in enumerate(CONSTRUCTS.items())
    )
    deep = Step("deep", Symbol("u"), (x,), "the innermost", "calculus")
    for depth in range(12):
        deep = Step(f"deep{depth}", Symbol("u", depth), (x, y), f"depth {depth} of a^[1] and w_jk", "calculus", (), "", None, (deep,))
    hostile = tuple(Step("h", Equation((y_hat, a)), (x,), words, "backward", (2,), words) for words in NASTY)
    texts = Table(("name", "value"), tuple((words, f"{n / 7:.3f}") for n, words in enumerate(NASTY)))
    formulas = Table(("forward", "backward"), ((steps[:2], steps[2:5]), (steps[5:6], "nothing")))
    return Derivation(
        "By hand: x_1 < petal_length & more",
        (
            Section("Constructs of layer 1", steps, "A note on W^[1] and z₃^[1]."),
            Section("Deep", (deep,), table=formulas),
            *(Section(words, (), words) for words in NASTY),
            Section("Hostile", hostile, table=texts),
        ),
        {},
    )


@cache
def of_networks() -> dict[str, Derivation]:
    """Small networks with each activation and each loss, in all forms and conventions, weighted, masked, with L2."""
    rng = np.random.default_rng(0)
    found = {}
    for n, name in enumerate([*activations.CATALOGUE, *losses.CATALOGUE]):
        if name in activations.CATALOGUE:
            rules, loss = [name, "sigmoid"], "log_loss"
        else:
            loss = name
            output = next(output for output in ("softmax", "sigmoid", "exp", "identity") if allowed(output, loss))
            rules = ["tanh", output]
        net = pl.Network([2, 3, 2], activations=rules, loss=loss, l2=0.1 * (n % 2), seed=n)
        X, Y = rng.normal(size=(3, 2)), targets(rng, loss, 3, 2, 1)
        weights = [1.0, 2.0, 0.5] if n % 3 == 0 else None
        mask = {1: rng.integers(0, 2, size=(3, 3)) * 2.0} if n % 4 == 0 else None
        form, convention = ("vectorized", "elementwise")[n % 4 == 1], ("columns", "rows")[n // 2 % 2]
        optimizer = ("adam", "adamw", "gradient_descent", "rmsprop", "nesterov", "adagrad")[n % 6]
        found[name] = pl.derive(net, (X, Y), form, convention, sample_weight=weights, mask=mask, optimizer=optimizer)
    net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], seed=0)
    found["no sample"] = pl.derive(net)
    found["one weight"] = pl.derive(net, ([5.1, 3.5, 1.4, 0.2], 1), of=("W1", 3, 2))
    return found


@cache
def of_digits() -> dict[str, Derivation]:
    """A network of the size that people use for handwritten digits."""
    net = pl.Network([784, 128, 10], activations=["relu", "softmax"], seed=0)
    sample = np.random.default_rng(0).random(784), 3
    return {form: pl.derive(net, sample, form) for form in ("vectorized", "elementwise")}


@cache
def everything() -> dict[str, Derivation]:
    """All but the larger one."""
    return {"by hand": by_hand(), **of_networks(), "digits": of_digits()["vectorized"]}
