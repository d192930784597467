"""How steep activations are, and where they are flat, against JAX's derivatives and the textbook."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import oracles
from pellucid.equations.activations import CATALOGUE, activation
from pellucid.glassbox.health.slopes import is_dead, is_flat, slopes, steepness

ELEMENTWISE = [name for name in CATALOGUE if name != "softmax"]
SIDES = {
    "identity": (False, False), "sigmoid": (True, True), "tanh": (True, True), "relu": (True, False), "leaky_relu": (True, False),
    "softmax": (True, True), "elu": (True, False), "selu": (True, False), "softplus": (True, False), "softsign": (True, True),
    "gelu": (True, False), "silu": (True, False), "mish": (True, False), "hard_tanh": (True, True), "exp": (True, False),
}  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_scale_is_the_largest_derivative(name):
    z = np.linspace(-20, 20, 4001) if name != "exp" else np.linspace(-1, 1, 201)
    largest = np.abs(jax.vmap(jax.grad(oracles.ACTIVATIONS[name]))(z)).max()
    assert_allclose(slopes(activation(name)).scale, largest, rtol=1e-4)


def test_the_flat_sides():
    assert {name: slopes(activation(name)).flat for name in CATALOGUE} == SIDES
    assert [name for name in CATALOGUE if slopes(activation(name)).saturates] == ["sigmoid", "tanh", "softmax", "softsign", "hard_tanh"]
    assert slopes(activation("leaky_relu(slope=0.2)")).flat == (False, False)
    assert [name for name in CATALOGUE if slopes(activation(name)).grows] == ["exp"]


def test_a_slope_that_is_steeper_on_the_left_does_not_grow():
    assert slopes(activation("leaky_relu(slope=-5)")).scale == 5
    assert not slopes(activation("leaky_relu(slope=-5)")).grows


@pytest.mark.parametrize(
    ("name", "edge"), [("sigmoid", 4.357), ("tanh", 2.178), ("softsign", 3.472), ("elu", -2.996), ("relu", 0.0), ("hard_tanh", 1.0)]
)
def test_where_the_flat_part_begins(name, edge):
    rule, z = activation(name), np.array([[edge - 1e-2, edge + 1e-2]])
    beyond = [False, True] if edge > 0 and name != "relu" else [True, False]
    assert_array_equal(is_flat(rule, steepness(rule, z, rule.forward(z)), rule.forward(z))[0], beyond)


def test_the_softmax_of_two_classes_is_flat_where_the_sigmoid_is():
    sigmoid, softmax = activation("sigmoid"), activation("softmax")
    for z in (-5.0, -4.36, -4.35, 0.0, 4.35, 4.36, 5.0):
        one, two = np.array([[z]]), np.array([[z, 0.0]])
        a, b = sigmoid.forward(one), softmax.forward(two)
        flat = is_flat(softmax, steepness(softmax, two, b), b)
        assert_array_equal(flat, np.broadcast_to(is_flat(sigmoid, steepness(sigmoid, one, a), a), (1, 2)))
        assert_allclose(steepness(softmax, two, b)[0, 0], steepness(sigmoid, one, a)[0, 0], rtol=1e-12)


def test_a_unit_is_dead_where_no_sample_moves_it():
    relu = activation("relu")
    z = np.array([[-1.0, -1.0, 0.0], [-2.0, 3.0, -1.0]])
    assert_array_equal(is_dead(relu, steepness(relu, z, relu.forward(z))), [True, False, False])
    leaky = activation("leaky_relu")
    assert not is_dead(leaky, steepness(leaky, z, leaky.forward(z))).any()
    gelu = activation("gelu")
    z = np.array([[-5.0, -2.0], [-6.0, -2.0]])
    assert_array_equal(is_dead(gelu, steepness(gelu, z, gelu.forward(z))), [True, False])
