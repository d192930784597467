"""Whole sheets: root causes and consequences, names of one's own, lines that go on, lines that cannot be read."""

from __future__ import annotations

from io import StringIO

import pytest

import pellucid as pl
from pellucid.errors import InputError
from written_lines import case

FORWARD = """
# forward
Z1 = W1 @ X + b1
A1 = np.tanh(Z1)
Z2 = W2 @ A1 + b2   % with its bias
A2 = sigmoid(Z2)
"""
BACKWARD = """
dZ2 = A2 - Y
dW2 = dZ2 @ A1.T / m
db2 = np.sum(dZ2, axis=1, keepdims=True) / m
dZ1 = W2.T @ dZ2 * (1 - A1**2)
dW1 = dZ1 @ X.T / m
db1 = np.sum(dZ1, axis=1, keepdims=True) / m
W1 -= alpha * dW1
W2 = W2 - alpha * dW2
"""


@pytest.fixture
def sheet():
    """Review a sheet for a 4-5-1 network."""
    given = case([4, 5, 1], ["tanh", "sigmoid"], "log_loss", 7)

    def review(text, convention="columns"):
        return pl.review_sheet(text, given.net, given.X, given.Y, convention)

    return review


def verdicts(review):
    return [line.verdict for line in review]


def test_a_right_sheet(sheet):
    review = sheet(FORWARD + BACKWARD)
    assert review.right
    assert review.root is None
    assert (review.verdict, review.explanation) == ("right", "Every line is right.")
    assert [line.line for line in review] == [3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    assert len(review) == 12


def test_the_root_cause_comes_first_and_what_follows_from_it_is_no_mistake(sheet):
    review = sheet(FORWARD + BACKWARD.replace("A2 - Y", "Y - A2"))
    assert verdicts(review) == ["right"] * 4 + ["wrong sign"] + ["consequence"] * 3 + ["right"] * 4
    assert review.root.line == 8
    assert not review.right
    assert review.explanation.startswith("Begin with line 8: wrong sign.")
    assert "Lines 9, 10, 11 follow from what is wrong above." in review.explanation
    assert "it uses dz2 of line 8, which is wrong" in review[9].explanation


def test_consequences_go_through_the_whole_sheet(sheet):
    review = sheet("dZ1 = W2 @ dZ2 * (1 - A1**2)\ndW1 = dZ1 @ X.T / m\nW1 -= alpha * dW1")
    assert verdicts(review) == ["missing transpose", "consequence", "right"]
    wrong = sheet("dW1 = dZ1 @ X / m\nW1 -= alpha * dW1")
    assert verdicts(wrong) == ["missing transpose", "consequence"]


def test_a_second_slip_is_told_apart_from_consequences(sheet):
    review = sheet("dZ2 = Y - A2\ndW2 = dZ2 @ A1 / m\ndb2 = np.sum(dZ2, axis=1, keepdims=True) / m")
    assert verdicts(review) == ["wrong sign", "missing transpose", "consequence"]
    assert "Line 2 has a slip of its own." in review.explanation


def test_a_slip_that_undoes_another_one(sheet):
    review = sheet("dZ2 = Y - A2\ndW2 = -dZ2 @ A1.T / m")
    assert verdicts(review) == ["wrong sign", "right"]
    assert "What is wrong in line 1 is undone here" in review[2].explanation


def test_a_mean_that_is_kept_in_dz_must_not_be_taken_again(sheet):
    lines = ["dZ2 = (A2 - Y) / m", "dW2 = dZ2 @ A1.T", "dZ1 = W2.T @ dZ2 * (1 - A1**2)", "dW1 = dZ1 @ X.T", "db1 = np.sum(dZ1, 1)"]
    kept = sheet(lines)
    assert verdicts(kept) == ["right only in the other convention", "right", "right only in the other convention", "right", "right"]
    assert kept.right
    assert kept.explanation == "No line is wrong. Lines 1, 3 ask for a condition."
    twice = sheet("dZ2 = (A2 - Y) / m\ndW2 = dZ2 @ A1.T / m")
    assert verdicts(twice) == ["right only in the other convention", "extra 1/m"]
    assert "1/m stands in dz2 of line 1 already" in twice[2].explanation


def test_names_of_ones_own(sheet):
    review = sheet("err = A2 - Y\ndZ2 = err\nhidden_slope = 1 - A1**2\ndZ1 = (W2.T @ dZ2) * hidden_slope\nm = 7\nalpha = 0.1")
    assert verdicts(review) == ["definition", "right for this output and loss", "definition", "right", "definition", "definition"]
    wrong = sheet("err = Y - A2\ndZ2 = err")
    assert verdicts(wrong) == ["definition", "wrong sign"]


def test_lines_that_go_on(sheet):
    review = sheet(
        r"""
        dz^{[2]} = \frac{\partial L}{\partial z^{[2]}}
        = \frac{\partial L}{\partial a^{[2]}} \frac{\partial a^{[2]}}{\partial z^{[2]}}
        = a^{[2]} - y
        = y - a^{[2]}
        """
    )
    assert verdicts(review) == ["right", "right", "right for this output and loss", "wrong sign"]


def test_lines_in_the_other_convention(sheet):
    review = sheet("Z1 = X @ W1 + b1\ndW2 = A1.T @ dZ2 / m")
    assert verdicts(review) == ["right only in the other convention"] * 2
    assert verdicts(sheet("Z1 = X @ W1 + b1\ndW2 = A1.T @ dZ2 / m", "rows")) == ["right"] * 2


def test_what_cannot_be_read_or_judged_does_not_stop_the_rest(sheet):
    review = sheet("Z1 = (W1 @ X\ndW2 = q A1^T\nA1 = tanh(Z1)\nx\n" + "z" * 3000)
    assert verdicts(review) == ["unreadable", "undecided", "right", "remark", "unreadable"]
    assert "never closed" in review[1].explanation
    assert "^" in review[1].explanation.splitlines()[-1]
    assert "'q' is no name of a value here" in review[2].explanation
    assert not review.right
    assert review.explanation == "No line was found wrong, but lines 1, 2, 5 could not be judged."


def test_calculus_and_networks_on_one_sheet(sheet):
    review = sheet("f(x) = x^2\nf'(x) = 2x\nZ1 = W1 @ X + b1\nf(x) = x^3\nf'(x) = 2x")
    assert verdicts(review) == ["definition", "right", "right", "definition", "unrecognised"]


def test_a_sheet_of_calculus_needs_no_network():
    review = pl.review_sheet(["f(x) = 4x^3", "f'(x) = 12x^2", "dW = dZ A^T"])
    assert verdicts(review) == ["definition", "right", "undecided"]


@pytest.mark.parametrize("text", ["", "\n\n# nothing\n"])
def test_an_empty_sheet_is_refused(sheet, text):
    with pytest.raises(InputError, match="The sheet in review_sheet is empty, expected a line or more"):
        sheet(text)


def test_a_sheet_that_is_too_long_or_of_no_texts_is_refused(sheet):
    with pytest.raises(InputError, match="The sheet in review_sheet is 1,001 lines long, expected at most 1,000"):
        sheet(["x = 1"] * 1001)
    with pytest.raises(InputError, match="Line 2 in review_sheet is a int, expected a text"):
        sheet(["Z1 = W1 @ X + b1", 3])


def test_how_a_sheet_looks(sheet):
    from rich.console import Console

    review = sheet("dZ2 = Y - A2\ndW2 = dZ2 @ A1.T / m")
    text = str(review)
    assert text.endswith("Line 2 follows from what is wrong above.")
    assert text.index("wrong sign") < text.index("consequence")
    assert "<table>" in review._repr_html_()
    console = Console(width=140, record=True, file=StringIO())
    console.print(review)
    assert "consequence" in console.export_text()
    with pytest.raises(KeyError):
        review[9]
