"""The report: in the order of backward propagation, as text, in colours, in a notebook."""

from __future__ import annotations

import copy
import pickle
from io import StringIO
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

import pellucid as pl
from pellucid.glassbox.review import GradientReview

NET = pl.Network([3, 4, 2], ["tanh", "softmax"], "half_mse", seed=0)
X, Y = np.random.default_rng(0).normal(size=(5, 3)), np.random.default_rng(1).random((5, 2))


def gradients(**changed):
    trace = NET.trace(X, Y)
    return {name: changed[name](trace[name]) if name in changed else trace[name] for name in trace if name.startswith("d")}


WRONG = pl.review_gradients(dict(reversed(gradients(dz1=lambda dz: -dz, dW2=lambda dW: dW * 5).items())), NET, X, Y)


def test_it_is_a_mapping_in_backward_order():
    assert isinstance(WRONG, GradientReview)
    assert list(WRONG) == ["da2", "dz2", "dW2", "db2", "da1", "dz1", "dW1", "db1"]
    assert len(WRONG) == 8
    assert [verdict.name for verdict in WRONG.values()] == list(WRONG)
    with pytest.raises(KeyError, match="did you mean 'dW2'"):
        WRONG["dW3"]


def test_roots_come_in_backward_order_and_the_first_is_in_the_title():
    assert [(verdict.name, verdict.verdict) for verdict in WRONG.roots] == [("dW2", "missing 1/m"), ("dz1", "wrong sign")]
    assert WRONG.summary == "the first mistake is in dW2, missing 1/m"
    assert not WRONG.passed


def test_a_right_and_a_wrong_equation_stand_side_by_side():
    verdict = WRONG["dW2"]
    assert (verdict.right_equation, verdict.their_equation) == ("dW^[2] = dz^[2] a^[1]ᵀ/m", "dW^[2] = dz^[2] a^[1]ᵀ")
    assert verdict.right_latex == r"dW^{[2]} = \frac{dz^{[2]} a^{[1]T}}{m}"
    assert verdict.their_latex == r"dW^{[2]} = dz^{[2]} a^{[1]T}"
    assert (WRONG["db2"].their_equation, WRONG["db2"].their_latex) == ("", "")
    rows = pl.review_gradients({"dW2": gradients()["dW2"].T * 5}, NET, X, Y, "rows")
    assert rows["dW2"].their_equation == "dW^[2] = a^[1]ᵀ dz^[2]"


def test_as_text_it_holds_every_verdict_and_both_equations():
    told = str(WRONG)
    assert "Review of the gradients: the first mistake is in dW2, missing 1/m" in told
    for words in ("right:  dW^[2] = dz^[2] a^[1]ᵀ/m", "yours:  dW^[2] = dz^[2] a^[1]ᵀ", "wrong sign", "correct"):
        assert words in told
    assert max(map(len, told.splitlines())) <= 130
    assert "nothing is wrong" in str(pl.review_gradients(gradients(), NET, X, Y))


def test_a_mistake_in_an_array_that_was_not_handed_in_says_where_it_is():
    only = {name: value for name, value in gradients().items() if name[:2] in ("dW", "db")}
    hidden = pl.review_gradients({**only, "dW1": -only["dW1"], "db1": -only["db1"]}, NET, X, Y)
    assert hidden["dW1"].where == "dz1"
    assert "wrong sign (in dz1)" in str(hidden)
    assert hidden.summary == "the first mistake is in dz1, wrong sign"
    assert hidden["dW1"].right_equation.startswith("dz^[1] = "), "the line that is to be repaired"


def test_in_a_notebook_it_is_well_formed():
    tree = ElementTree.fromstring(WRONG._repr_html_())
    assert "missing 1/m" in "".join(tree.itertext())


def test_in_a_terminal_right_is_green_and_wrong_is_red():
    console = Console(file=StringIO(), force_terminal=True, width=150, color_system="standard")
    console.print(WRONG)
    shown = console.file.getvalue()
    assert "\x1b[32mdz2" in shown
    assert "\x1b[1;31mdW2" in shown


def test_its_repr_is_one_line():
    assert repr(WRONG).startswith("GradientReview(da2: correct, dz2: correct, dW2: missing 1/m, db2: correct")


def test_it_can_be_kept_and_copied():
    for other in (pickle.loads(pickle.dumps(WRONG)), copy.deepcopy(WRONG)):
        assert dict(other) == dict(WRONG)


def test_what_a_derivative_is_is_recalled_where_it_was_missed():
    found = pl.review_gradients(gradients(dz1=lambda dz: dz / (1 - NET.trace(X, Y)["a1"] ** 2)), NET, X, Y)
    assert found["dz1"].explanation.endswith("for tanh, f' is 1 - a**2")
    found = pl.review_gradients({"da2": np.ones((2, 5))}, NET, X, Y)
    assert found["da2"].explanation.endswith("for half_mse, C' is y_hat - y, over n")
