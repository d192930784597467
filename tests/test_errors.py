"""The kinds of error, each also the fitting built-in, and their one sentence."""

from __future__ import annotations

import inspect

import pytest

import pellucid as pl
from pellucid import errors
from pellucid.errors import sentence, unknown_name

BUILT_IN = {
    "InputError": ValueError,
    "ShapeError": ValueError,
    "UnknownNameError": ValueError,
    "FormulaError": ValueError,
    "TableError": ValueError,
    "ModelFileError": ValueError,
    "OutputError": OSError,
    "ExportError": ArithmeticError,
    "DependencyError": ImportError,
    "DivergenceError": ArithmeticError,
    "ResumeError": ValueError,
    "GradientError": ArithmeticError,
}
KINDS = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.PellucidError)}


def test_every_kind_is_known_here():
    assert set(KINDS) == {*BUILT_IN, "PellucidError"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_kind_is_also_the_fitting_built_in_and_to_be_had_at_the_top(name):
    kind = getattr(pl, name)
    assert kind is KINDS[name]
    assert issubclass(kind, BUILT_IN[name])
    assert issubclass(kind, pl.PellucidError)
    assert kind.__doc__


@pytest.mark.parametrize("name", ["ShapeError", "UnknownNameError", "TableError"])
def test_what_a_user_handed_in_is_an_input_error(name):
    assert issubclass(KINDS[name], pl.InputError)


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"FormulaError"}))  # which has the formula below it, too
def test_the_message_is_the_sentence(name):
    with pytest.raises(BUILT_IN[name], match=r"^A sentence\.$") as caught:
        raise KINDS[name]("A sentence.")
    assert caught.value.args == ("A sentence.",)


def test_a_sentence_says_what_where_got_expected_and_repair():
    assert sentence("l2", "the net", -1, "0 or more", "e.g. 0.1") == "L2 in the net is -1, expected 0 or more: e.g. 0.1."


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("rellu", "Unknown rule 'rellu': did you mean 'relu'? Known are relu, tanh, sigmoid."),
        ("TANH", "Unknown rule 'TANH': did you mean 'tanh'? Known are relu, tanh, sigmoid."),
        ("Relu6", "Unknown rule 'Relu6': did you mean 'relu'? Known are relu, tanh, sigmoid."),
        ("zzzzzz", "Unknown rule 'zzzzzz': Known are relu, tanh, sigmoid."),
        (7, "Unknown rule 7: Known are relu, tanh, sigmoid."),
        (None, "Unknown rule None: Known are relu, tanh, sigmoid."),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_right_one(given, message):
    assert str(unknown_name("rule", given, ["relu", "tanh", "sigmoid"])) == message


def test_the_names_may_come_from_anything_that_iterates():
    assert "did you mean 'a1'" in str(unknown_name("rule", "a2", iter(["a1", "b"])))


def test_a_long_name_is_cut():
    assert str(unknown_name("rule", "r" * 5000, ["relu"])) == f"Unknown rule '{'r' * 76}...: Known are relu."


def test_letters_of_another_size_are_the_nearest():
    assert "did you mean 'dW1'?" in str(unknown_name("value", "dw1", ["dz1", "W1", "dW1"]))
    assert "did you mean 'Age'?" in str(unknown_name("column", "age", ["page", "Age"]))
