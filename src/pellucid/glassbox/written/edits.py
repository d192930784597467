"""The closed list of slips. A wrong line is put right by undoing one of them, or two; the one that does so is the cause."""

from __future__ import annotations

from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Entry, Name, Product, Reduce, Total
from pellucid.glassbox.written.places import Put, places, walk
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.slips import Edit, Edits, Surroundings
from pellucid.glassbox.written.slips_of_functions import of_cases, of_derivative, of_function, of_reduction, of_sum
from pellucid.glassbox.written.slips_of_names import of_name
from pellucid.glassbox.written.slips_of_omission import forgotten
from pellucid.glassbox.written.slips_of_products import of_number, of_power, of_product, of_quotient, of_terms


def edits(around: Surroundings) -> Edits:
    """All single changes of the right side."""
    tree = around.claim.right
    yield from forgotten(tree, around)
    for node, put in places(tree):
        yield from _of_node(node, put, tree, around)


def _of_node(node: Expression, put: Put, tree: Expression, around: Surroundings) -> Edits:
    match node:
        case Name():
            yield from of_name(node, put, around)
        case nodes.Transpose(of):
            what = of.base if isinstance(of, Name) else "a bracket"
            yield Edit("transposed", f"{what} should not be transposed", put(of), 1)
        case Product(factors, signs):
            yield from of_product(factors, signs, put, around)
        case nodes.MatMul(factors) | nodes.Multiply(factors):
            sign = "@" if isinstance(node, nodes.MatMul) else "⊙"
            yield from of_product(factors, (sign,) * (len(factors) - 1), put, around)
        case nodes.Add(terms):
            yield from of_terms(terms, put)
        case nodes.Negative(of):
            yield Edit("wrong sign", "the sign is wrong", put(of), 2)
        case nodes.Divide(above, below):
            yield from of_quotient(above, below, put)
        case nodes.Power(base, exponent):
            yield from of_power(base, exponent, put)
        case nodes.Number(value):
            yield from of_number(value, put)
        case Apply():
            yield from of_function(node, put, around)
        case Reduce():
            yield from of_reduction(node, put)
        case Total():
            yield from of_sum(node, put, around)
        case nodes.Cases():
            yield from of_cases(node, put)
        case nodes.Compare(relation=relation):
            for other in (">=", "<", "<=", ">"):
                if other != relation:
                    yield Edit("wrong condition", f"the relation {relation} should be {other}", put(replace(node, relation=other)), 2)
        case nodes.Derivative():
            yield from of_derivative(node, put, around)
        case Entry(of, below):
            for letter in around.letters:
                if (letter,) != below:
                    yield Edit("wrong index", f"the index {below[0]} should be {letter}", put(Entry(of, (letter,))), 1)


def circular(claim: Claim) -> bool:
    """Whether the left side stands on the right side."""
    return any(node == claim.left for node in walk(claim.right)) and not isinstance(claim.left, Name)
