"""pellucid derive, and formulas for pellucid train."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.pipelines import TableModel


@pytest.fixture
def marked(pellucid):
    """Run it on a formula that cannot be read: exit code 2, one sentence, and the formula with a mark under the place."""

    def run(*arguments):
        ended = pellucid(*arguments)
        assert (ended.code, ended.out) == (2, "")
        first, *rest = ended.err.removeprefix("pellucid: ").rstrip("\n").split("\n")
        return first, rest

    return run


def test_a_formula_is_derived_step_by_step(pellucid):
    ended = pellucid("derive", "(3x)^2", "--at", "x=2")
    assert (ended.code, ended.err) == (0, "")
    assert "d/dx ((3 x)²) = d/du (u²) du/dx = 2 u · 3 = 6 u = 6 (3 x) = 18 x = 36" in ended.out
    assert "chain rule: dy/du · du/dx with u = 3 x, which is put back in the end" in ended.out
    assert "f'(2) = 18 · 2 = 36" in ended.out


def test_several_names_give_the_gradient(pellucid):
    ended = pellucid("derive", "x^2 + 2xy + y^2", "--wrt", "x,y", "--at", "x=1,y=0.5")
    assert "∂f/∂x = 2 x + 2 y = 3" in ended.out
    assert "∇ f" in ended.out
    assert pellucid("derive", "x*y", "--wrt", "x", "--at", "x=1", "--at", "y=2").code == 0


@pytest.mark.parametrize(
    ("name", "shown"), [("gelu", "erfc"), ("leaky_relu(slope=0.2)", "0.2"), ("softmax", "sᵢ (1 - sᵢ)"), ("softmax(x)", "-sᵢ sₖ")]
)
def test_a_name_of_the_catalogue_stands_for_its_formula(pellucid, name, shown):
    assert shown in pellucid("derive", name).out


def test_a_loss_is_derived_by_y_hat(pellucid):
    assert "∂f/∂ŷ = 2 (ŷ - y)" in pellucid("derive", "mse", "--wrt", "y_hat").out


def test_softmax_at_a_point_gives_the_matrix(pellucid):
    assert "0.1966" in pellucid("derive", "softmax(x)", "--at", "x=1,2").out


@pytest.mark.parametrize(
    ("options", "start"),
    [
        (("--to", "tex"), r"\documentclass"),
        (("--to", "md"), "# The derivative of"),
        (("--to", "html"), "<!DOCTYPE html>"),
        (("--to", "text"), "The derivative of"),
    ],
)
def test_every_form_can_be_printed_and_written(pellucid, options, start):
    printed = pellucid("derive", "1/(1 + e^-x)", *options)
    assert printed.out.startswith(start)
    told = pellucid("derive", "1/(1 + e^-x)", *options, "-o", "page")
    written = Path("page").read_text()
    assert told.out == f"the derivation is in page ({len(written.encode()):,} bytes)\n"
    assert written.rstrip("\n") == printed.out.rstrip("\n")


def test_the_name_of_the_output_says_what_it_is(pellucid, refused):
    pellucid("derive", "x^2", "-o", "x.html")
    assert Path("x.html").read_text().startswith("<!DOCTYPE html>")
    assert "there already" in refused("derive", "x^2", "-o", "x.html")
    assert pellucid("derive", "x^3", "-o", "x.html", "--force").code == 0
    assert "expected a name that ends in .txt" in refused("derive", "x^2", "-o", "x.doc")
    assert "missing or no folder" in refused("derive", "x^2", "-o", "nowhere/x.html")


def test_a_formula_that_cannot_be_read_is_shown_with_a_mark(marked):
    first, rest = marked("derive", "x + foo(x)")
    assert first == "The function in the formula is 'foo', expected a known one: write it out."
    assert rest == ["  x + foo(x)", "      ^^^"]
    assert marked("derive", "x.real")[0].startswith("A dot in the formula is no part of a number")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("x*y",), "Wrt in differentiate is left out, expected one of x, y"),
        (("x^2", "--at", "y=2"), "At in differentiate is y, expected a value for each of x"),
        (("x^2", "--at", "x"), "--at in pellucid derive is 'x', expected a name and a number"),
        (("x^2", "--at", "x=two"), "--at in pellucid derive is 'x=two', expected a name and a number"),
        (("x^2", "--wrt", "2"), "Wrt in differentiate is '2', expected a name"),
        (("x" * 10_000,), "The length of the formula is 10,000 characters, expected at most 2,000"),
    ],
)
def test_what_cannot_be_derived_is_refused_in_one_sentence(refused, arguments, told):
    assert told in refused("derive", *arguments)


def test_a_network_is_trained_with_formulas_and_saved_with_their_text(pellucid):
    ended = pellucid(
        "train",
        "iris",
        "--activation",
        "x * sigmoid(2*x), max(0, x)",
        "--hidden",
        "8,4",
        "--epochs",
        "10",
        "--learning-rate",
        "0.02",
        "-o",
        "m.skops",
    )
    assert ended.code == 0, ended.err
    assert "4-8-4-3 (x * sigmoid(2*x), max(0, x), softmax)" in ended.out
    model = TableModel.load("m.skops")
    assert [record.spec for record in model.network.architecture.activations] == ["x * sigmoid(2*x)", "max(0, x)", "softmax"]
    assert pellucid("evaluate", "m.skops", "iris").code == 0
    assert "proved" in pellucid("check", "m.skops", "iris", "--rows", "4", "--entries", "60").out


def test_the_loss_may_be_a_formula_too(pellucid, refused):
    ended = pellucid("train", "diabetes", "--loss", "log(cosh(y_hat - y))", "--hidden", "4", "--epochs", "3", "-o", "m.skops")
    assert "loss log(cosh(y_hat - y))" in ended.out
    assert TableModel.load("m.skops").network.architecture.loss.spec == "log(cosh(y_hat - y))"
    assert pellucid("train", "diabetes", "--loss", "mae", "--hidden", "4", "--epochs", "2", "-o", "m.skops", "--force", "-q").code == 0
    assert "Unknown loss 'maee': did you mean 'mae'?" in refused("train", "diabetes", "--loss", "maee", "-o", "n.skops")


def test_a_formula_that_cannot_be_trained_with_is_refused_by_train(refused, marked):
    assert "not finite: it cannot be shown to be at x = 0" in refused("train", "iris", "--activation", "1/x", "--epochs", "1")
    assert marked("train", "iris", "--activation", "foo(x)", "--epochs", "1")[1] == ["  foo(x)", "  ^^^"]
