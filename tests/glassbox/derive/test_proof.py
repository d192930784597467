"""Proof by symbols: SymPy's derivative of the composed cost is the derived gradient; and a wrong step is not proved."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy

import pellucid as pl
from pellucid.errors import InputError, UnknownNameError
from pellucid.expressions import nodes
from pellucid.glassbox.derive import vectorized
from pellucid.glassbox.derive.symbols import Exponential, Piece, is_zero, is_zero_with_logarithms
from random_networks import HIDDEN, PAIRS

SLOW = {"softsign", "silu"}
"""many letters: proved as the output only"""


@pytest.mark.parametrize("rule", [rule for rule in HIDDEN if rule not in SLOW])
def test_every_hidden_activation(rule):
    proof = pl.prove_gradients(pl.Network([1, 2, 1], [rule, "identity"], "half_mse"), pieces=2)
    assert proof.proved, proof


@pytest.mark.parametrize(("output", "loss"), [pair for pair in PAIRS if "(" not in pair[0] + pair[1]])
def test_every_output_and_loss(output, loss):
    proof = pl.prove_gradients(pl.Network([1, 2], [output], loss), pieces=2)
    assert proof.proved, proof


@pytest.mark.parametrize(
    ("sizes", "rules", "options"),
    [
        ([2, 2, 1], ["tanh", "sigmoid"], {"samples": 2, "convention": "rows"}),
        ([2, 1, 1], ["relu", "sigmoid"], {"samples": 2, "weighted": True}),
        ([1, 1, 1, 1], ["tanh", "sigmoid", "sigmoid"], {}),
        ([1, 2, 2], ["tanh", "softmax"], {"convention": "rows"}),
    ],
)
def test_depth_samples_weights_masks_and_l2(sizes, rules, options):
    proof = pl.prove_gradients(pl.Network(sizes, rules, l2=0.5, dropout=0.2), **options, pieces=2)
    assert proof.proved, proof
    assert {f"d{kind}{layer}" for kind in "Wb" for layer in range(1, len(sizes))} <= {identity.symbol for identity in proof.identities}


def test_kinks_are_proved_piece_by_piece():
    assert pl.prove_gradients(pl.Network([1, 2, 1], ["relu", "identity"], "mse"), pieces=4).pieces == 4
    assert pl.prove_gradients(pl.Network([1, 1, 1], ["tanh", "identity"], "mse"), pieces=4).pieces == 1


@pytest.mark.parametrize("symbol", ["dz2", "dW2", "db2", "da1", "dz1", "dW1", "db1", "z1"])
def test_a_planted_error_is_not_proved(monkeypatch, symbol):
    right = vectorized.sections

    def wrong(builder, rule):
        return tuple(replace(section, steps=tuple(map(planted, section.steps))) for section in right(builder, rule))

    def planted(step):
        return replace(step, sides=(nodes.Number(1.001) * step.sides[-1],)) if step.symbol == symbol else step

    monkeypatch.setattr("pellucid.glassbox.derive.proof.vectorized.sections", wrong)
    proof = pl.prove_gradients(pl.Network([1, 1, 1], ["tanh", "sigmoid"]))
    if symbol == "z1":  # another network, whose gradient is another one too
        assert not next(identity for identity in proof.identities if identity.symbol == "dW1" and "SymPy" in identity.statement).proved
    assert not proof
    assert "not proved" in str(proof)


def test_how_it_prints():
    proof = pl.prove_gradients(pl.Network([2, 1], ["relu"], "mse"), pieces=2)
    shown = str(proof)
    assert "The gradients of a 2-1 (relu) network with mse, on 2 pieces between kinks" in " ".join(shown.split())
    assert "∂J/∂W^[1] by SymPy = dW^[1], 2 entries" in shown
    assert "<td>" in proof._repr_html_()


def test_zero_is_found():
    x, y = sympy.symbols("x y")
    e = Exponential(x)
    assert is_zero(e * Exponential(-x) - 1)
    assert is_zero(1 / (1 + 1 / e) - e / (1 + e))
    assert is_zero(sympy.exp(-(x**2)) - Exponential(-(x**2)))
    assert not is_zero(e - 1)
    assert not is_zero(x + y)
    assert is_zero(sympy.Integer(0))
    assert not is_zero(sympy.Rational(1, 1000))
    assert sympy.diff(Exponential(x * y), y) == x * Exponential(x * y)


def test_zero_with_logarithms_is_found():
    x = sympy.Symbol("x", real=True)
    piece = Piece({x: 0.7})
    e = Exponential(x)
    assert is_zero_with_logarithms(sympy.log(1 + 1 / e) - sympy.log(1 + e) + x, piece)
    assert not is_zero_with_logarithms(sympy.log(1 + 1 / e) - sympy.log(1 + e) + x + sympy.Rational(1, 1000), piece)
    assert not is_zero_with_logarithms(sympy.log(1 + 1 / e) - sympy.log(1 + e) + sympy.Rational(7, 10), piece)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"convention": "cols"}, UnknownNameError, "The convention in prove_gradients is 'cols', expected one of columns, rows"),
        ({"samples": 0}, InputError, "Samples in prove_gradients is 0, expected a whole number of at least 1"),
        ({"pieces": 1.5}, InputError, "Pieces in prove_gradients is 1.5, expected a whole number of at least 1"),
    ],
)
def test_what_is_refused(arguments, kind, message):
    with pytest.raises(kind, match=message):
        pl.prove_gradients(pl.Network([1, 1]), **arguments)


def test_a_network_too_large_is_refused():
    message = "The network in prove_gradients is one with 31 parameters, expected at most 24: prove a smaller one with the same rules"
    with pytest.raises(InputError, match=message):
        pl.prove_gradients(pl.Network([4, 5, 1]))
