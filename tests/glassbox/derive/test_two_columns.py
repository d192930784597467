"""The layer formulas side by side, as the notes have them."""

from __future__ import annotations

import pytest

import pellucid as pl
from pellucid.errors import UnknownNameError
from pellucid.expressions.text import text

COLUMNS = (
    ["z^[l] = W^[l] a^[l-1] + b^[l]", "a^[l] = f^[l](z^[l])"],
    [
        "dz^[l] = da^[l] ⊙ f'^[l](z^[l])",
        "dW^[l] = (1/m) dz^[l] a^[l-1]ᵀ",
        "db^[l] = (1/m) Σ_i dz^[l](i)",
        "da^[l-1] = W^[l]ᵀ dz^[l]",
    ],
)
ROWS = (
    ["z^[l] = a^[l-1] W^[l] + b^[l]", "a^[l] = f^[l](z^[l])"],
    [
        "dz^[l] = da^[l] ⊙ f'^[l](z^[l])",
        "dW^[l] = (1/m) a^[l-1]ᵀ dz^[l]",
        "db^[l] = (1/m) Σ_i dz^[l](i)",
        "da^[l-1] = dz^[l] W^[l]ᵀ",
    ],
)


@pytest.mark.parametrize(("convention", "expected"), [("columns", COLUMNS), ("rows", ROWS)])
def test_any_layer(convention, expected):
    ((name, forward, backward),) = pl.layer_table(convention=convention).layers
    assert name == "l"
    assert (list(map(text, forward)), list(map(text, backward))) == expected


def test_the_layers_of_a_network():
    table = pl.layer_table(pl.Network([4, 5, 3], ["tanh", "softmax"], l2=0.1))
    (_, first, back_first), (_, last, back_last) = table.layers
    assert [text(line) for line in first] == ["z^[1] = W^[1] x + b^[1]", "a^[1] = tanh(z^[1])"]
    assert text(last[1]) == "ŷ = a^[2] = e^(z^[2])/(Σ_j e^(zⱼ^[2]))"
    assert text(back_first[0]) == "dz^[1] = da^[1] ⊙ (1 - (a^[1])²)"
    assert [text(line) for line in back_last][:3] == ["da^[2] = -y/ŷ", "dz^[2] = a^[2] - y", "dW^[2] = (1/m) dz^[2] a^[1]ᵀ + (λ/m) W^[2]"]
    assert text(back_last[-1]) == "da^[1] = W^[2]ᵀ dz^[2]"
    assert len(back_first) == 3


def test_how_it_prints():
    table = pl.layer_table()
    shown = str(table)
    assert "forward propagation" in shown
    assert "dW^[l] = (1/m) dz^[l] a^[l-1]ᵀ" in shown
    assert "<td>" in table._repr_html_()
    latex = table.to_latex()
    assert latex.startswith(r"\begin{array}{l|l|l}")
    assert latex.count("&") == 2 * 5
    assert latex.count("{") == latex.count("}")
    assert table._repr_latex_().strip("$").strip().startswith(r"\displaystyle")


def test_no_bar_ends_a_cell_of_markdown():
    table = pl.layer_table(pl.Network([2, 2, 1], ["softsign", "identity"], "mae"))
    lines = table.to_markdown().splitlines()
    assert {line.count("|") for line in lines} == {4}
    assert any(r"\vert" in line for line in lines)


def test_an_unknown_convention():
    with pytest.raises(UnknownNameError, match="The convention in layer_table is 'cols', expected one of columns, rows"):
        pl.layer_table(convention="cols")
