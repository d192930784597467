"""Random formulas, as trees, for properties that must hold for all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Expression, Negative, Number, Symbol

SMOOTH = ("exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "erf", "logcosh", "sech", "normal_cdf", "expm1")


def trees(names=("x", "y"), functions=SMOOTH, kinks=False, max_leaves=8) -> st.SearchStrategy[Expression]:
    """Formulas that are finite for names of ordinary size: what is divided by, and what logarithms and roots are taken of, is above 1/2."""
    leaves = st.one_of(
        st.sampled_from([Symbol(name) for name in names]),
        st.integers(-3, 9).map(Number),
        st.sampled_from([Number(0.5), Number(1.25)]),
    )

    def positive(of):
        return Number(1) + of**2

    def more(inner):
        pairs = st.tuples(inner, inner)
        kinds = [
            pairs.map(lambda p: p[0] + p[1]),
            pairs.map(lambda p: p[0] - p[1]),
            pairs.map(lambda p: nodes.Multiply(p)),
            pairs.map(lambda p: p[0] / positive(p[1])),
            inner.map(Negative),
            inner.map(lambda of: of**2),
            inner.map(lambda of: of**3),
            inner.map(lambda of: Call("log", (positive(of),))),
            inner.map(lambda of: Call("sqrt", (positive(of),))),
            inner.map(lambda of: positive(of) ** Number(-2)),
            st.tuples(st.sampled_from(functions), inner).map(lambda p: Call(p[0], (Call("tanh", (p[1],)) * Number(2),))),
        ]
        if kinks:
            kinds += [
                pairs.map(lambda p: Call("max", p)),
                inner.map(lambda of: Call("abs", (of,))),
                st.tuples(inner, inner).map(lambda p: nodes.Cases(((p[0], nodes.Compare(Symbol(names[0]), ">", Number(0))),), p[1])),
            ]
        return st.one_of(kinds)

    return st.recursive(leaves, more, max_leaves=max_leaves)
