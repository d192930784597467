"""The story of one weight: its path, the factors with their numbers, their product, the update; and what does not exist."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from executable import worst
from pellucid.errors import InputError

RNG = np.random.default_rng(4)
X, ONE = RNG.normal(size=(5, 4)), ([0.5, -1.0, 2.0, 0.1], 1)


@pytest.fixture
def net():
    net = pl.Network([4, 5, 1], ["tanh", "sigmoid"], "log_loss", seed=3)
    net.vector[...] = RNG.normal(size=net.n_parameters)
    return net


@pytest.fixture
def deep():
    return pl.Network([4, 3, 2, 3], ["tanh", "elu", "softmax"], "cross_entropy", seed=3, l2=0.4)


def test_the_path(net, deep):
    story = pl.derive(net, ONE, of=("W1", 3, 2))
    assert story.title == "The story of w₃₂^[1]"
    assert story.sections[0].note.startswith("x₂ → z₃^[1] → a₃^[1] → z₁^[2] → ŷ₁ → J.")
    assert pl.derive(net, ONE, of=("b2", 1)).sections[0].note.startswith("z₁^[2] → ŷ₁ → J.")
    path = "a₁^[1] → z₂^[2] → a₂^[2] → z^[3] → ŷ → J."
    assert pl.derive(deep, of=("W2", 2, 1)).sections[0].note.startswith(path)
    assert pl.derive(deep, of=("W2", 1, 2), convention="rows").sections[0].note.startswith(path)
    assert pl.derive(deep, of=("W2", 1, 0), indices="zero").sections[0].note.startswith("a₀^[1] → z₁^[2] → a₁^[2] → z^[3] → ŷ → J.")


def test_its_sections(net):
    titles = [section.title for section in pl.derive(net, ONE, of=("W1", 3, 2)).sections]
    assert titles == ["The path to the cost", "The error of its unit", "The factors and their product", "The update"]


def test_the_product_of_five_factors(net):
    """dJ/dw = dJ/dy_hat dy_hat/dz2 dz2/da_j da_j/dz_j dz_j/dw_jk, each with its number."""
    story = pl.derive(net, ONE, of=("W1", 3, 2))
    text = story["dW1[3,2]"].text
    assert "= ∂l/∂ŷ₁ ∂ŷ₁/∂z₁^[2] ∂z₁^[2]/∂a₃^[1] ∂a₃^[1]/∂z₃^[1] ∂z₃^[1]/∂w₃₂^[1] = dz₃^[1] x₂ = " in text
    numbers = story["da2"].value * story["f2'(z2)"].value * story.values["W2"][0, 2] * story["f1'(z1)[3]"].value
    numbers = numbers * story["dz1[3]/dW1[3,2]"].value
    assert numbers.item() == pytest.approx(story["dW1[3,2]"].value, rel=1e-13)
    assert story["dW1[3,2]"].value == pytest.approx(net.gradients([ONE[0]], [1])["dW1"][1, 2], rel=1e-13)


def test_a_weight_of_the_last_layer_has_three_factors(net):
    story = pl.derive(net, ONE, of=("W2", 1, 4))
    assert "= ∂l/∂ŷ₁ ∂ŷ₁/∂z₁^[2] ∂z₁^[2]/∂w₁₄^[2] = dz₁^[2] a₄^[1] = " in story["dW2[1,4]"].text
    bias = pl.derive(net, ONE, of=("b2", 1))
    assert "= ∂l/∂ŷ₁ ∂ŷ₁/∂z₁^[2] ∂z₁^[2]/∂b₁^[2] = dz₁^[2]" in bias["db2[1]"].text
    assert bias["dz2[1]/db2[1]"].value == 1.0


def test_many_paths_are_a_sum_over_the_units_of_the_next_layer(deep):
    text = pl.derive(deep, of=("W1", 1, 2))["dW1[1,2]"].text
    first, second = "∂l^(i)/∂z₁^[2](i) ∂z₁^[2](i)/∂a₁^[1](i)", "∂l^(i)/∂z₂^[2](i) ∂z₂^[2](i)/∂a₁^[1](i)"
    assert f"(1/m) Σ_i=1..m ({first} + {second}) ∂a₁^[1](i)/∂z₁^[1](i) ∂z₁^[1](i)/∂w₁₂^[1] + (λ/m) w₁₂^[1]" in text
    assert pl.derive(deep, of=("W1", 1, 2))["da1[1]"].text.endswith("= w₁₁^[2] dz₁^[2](i) + w₂₁^[2] dz₂^[2](i)")


def test_a_bias_has_no_l2(deep):
    assert "λ" not in pl.derive(deep, of=("b1", 2))["db1[2]"].text


def test_the_numbers_stand_beside_the_names(net):
    story = pl.derive(net, ONE, of=("W1", 3, 2))
    w, d = story.values["W1"][2, 1], story["dW1[3,2]"].value
    assert f"= {w:.6g} " in story["W_new1[3,2]"].text
    assert f"0.1 · {d:.6g}" in story["W_new1[3,2]"].text or f"0.1 ({d:.6g})" in story["W_new1[3,2]"].text
    assert f"{story['dz1[3]'].value:.6g}" in story["dW1[3,2]"].text
    assert story["a1[3]"].text.endswith(f"tanh({story['z1[3]'].value:.6g})")


def test_several_rows_have_no_numbers_in_their_equations(net):
    story = pl.derive(net, (X, np.ones(5)), of=("W1", 3, 2))
    assert story["dW1[3,2]"].text.endswith("= (1/m) Σ_i=1..m dz₃^[1](i) x₂^(i)")
    assert story["dz1[3]"].value.shape == (5,)
    assert worst(story)[0] <= 1e-12


def test_the_indices_are_those_of_the_array(net):
    columns = pl.derive(net, (X, np.ones(5)), of=("W1", 3, 2))
    rows = pl.derive(net, (X, np.ones(5)), of=("W1", 2, 3), convention="rows")
    zero = pl.derive(net, (X, np.ones(5)), of=("W1", 1, 2), convention="rows", indices="zero")
    found = [columns["dW1[3,2]"].value, rows["dW1[2,3]"].value, zero["dW1[1,2]"].value]
    assert found == [found[0]] * 3
    assert rows.title == "The story of w₂₃^[1]"


def test_it_may_be_given_as_text(net):
    assert pl.derive(net, ONE, of="W1[3, 2]").title == pl.derive(net, ONE, of=["W1", 3, 2]).title


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (("W4", 1, 1), "Of in derive is 'W4', expected W1 to W2 or b1 to b2: the network has 2 layers."),
        (("W0", 1, 1), "Of in derive is 'W0', expected W1 to W2 or b1 to b2: the network has 2 layers."),
        (
            ("W1", 6, 2),
            "The index of W1 in derive is 6, 2, expected a first index from 1 to 5 and a second from 1 to 4: "
            "W1 is 5 x 4 in the columns convention, counted from 1.",
        ),
        (
            ("W1", 3),
            "The index of W1 in derive is 3, expected a first index from 1 to 5 and a second from 1 to 4: "
            "W1 is 5 x 4 in the columns convention, counted from 1.",
        ),
        (("b1", 0), "The index of b1 in derive is 0, expected an index from 1 to 5: b1 is 5 in the columns convention, counted from 1."),
        (("b1",), "The index of b1 in derive is missing, expected an index from 1 to 5:"),
        (("z1", 2), 'Of in derive is (\'z1\', 2), expected a weight such as ("W1", 3, 2) or a bias such as ("b1", 3): give the name'),
        (("W1", 1.5, 2), "Of in derive is ('W1', 1.5, 2), expected a weight such as"),
        ("W1", "Of in derive is 'W1', expected a weight such as"),
        (7, "Of in derive is 7, expected a weight such as"),
        ((), "Of in derive is (), expected a weight such as"),
    ],
)
def test_what_does_not_exist_is_said(net, of, message):
    with pytest.raises(InputError) as caught:
        pl.derive(net, of=of)
    assert str(caught.value).startswith(message)


def test_the_range_is_told_in_the_convention_and_the_count_that_were_asked(net):
    with pytest.raises(
        InputError, match=r"first index from 0 to 3 and a second from 0 to 4: W1 is 4 x 5 in the rows convention, counted from 0"
    ):
        pl.derive(net, of=("W1", 4, 0), convention="rows", indices="zero")
    with pytest.raises(InputError, match="expected W1 or b1: the network has 1 layer\\."):
        pl.derive(pl.Network([2, 1]), of=("W2", 1, 1))
