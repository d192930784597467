"""Names with parameters, and intervals."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.equations.activations import activation
from pellucid.equations.losses import loss
from pellucid.equations.records import CLOSED_UNIT, NOT_NEGATIVE, OPEN_UNIT, POSITIVE, REAL, Interval, spelled
from pellucid.errors import InputError, UnknownNameError


@given(st.floats(-1e6, 0.999))
def test_a_spelled_name_is_read_back_to_the_last_bit(slope):
    record = activation("leaky_relu", slope=slope)
    assert record.spec == spelled("leaky_relu", slope=slope)
    assert activation(record.spec).formula == record.formula


@pytest.mark.parametrize("text", ["leaky_relu(slope=0.2)", "leaky_relu(0.2)", "  leaky_relu ( slope = 0.2 ) "])
def test_a_parameter_may_be_named_or_not(text):
    assert activation(text).spec == "leaky_relu(slope=0.2)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("leaky_relu(slope=steep)", "The parameter 'slope' in leaky_relu is steep, expected a number: write e.g. 0.1."),
        ("leaky_relu(steepness=0.1)", "A parameter in leaky_relu is 'steepness', expected one of ['slope']: leave it out."),
        ("relu(0.1)", "A parameter in relu is 'number 1', expected one of none: leave it out."),
    ],
)
def test_a_wrong_parameter_gets_one_sentence(text, told):
    with pytest.raises(InputError) as caught:
        activation(text)
    assert str(caught.value) == told


def test_a_parameter_of_a_wrong_type_gets_the_same_sentence():
    """In a process of its own, since here the types are checked before our sentences are built."""
    script = """
import pellucid as pl
for make in (lambda: pl.activation("leaky_relu", slope="steep"), lambda: pl.loss("huber", delta=None)):
    try:
        print(make())
    except pl.InputError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "The parameter 'slope' in leaky_relu is 'steep', expected a number: write e.g. 0.1.",
        "The parameter 'delta' in huber is None, expected a number: write e.g. 0.1.",
    ]


@pytest.mark.parametrize("name", ["", "sigmiod", "__import__('os')", "relu;", "r" * 10_000])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UnknownNameError, match="Unknown activation .*Known are identity, sigmoid, tanh"):
        activation(name)
    with pytest.raises(UnknownNameError, match="Unknown loss .*Known are mse"):
        loss(name)


def test_intervals_contain_each_other_by_their_ends():
    assert REAL.contains(CLOSED_UNIT)
    assert CLOSED_UNIT.contains(OPEN_UNIT)
    assert not OPEN_UNIT.contains(CLOSED_UNIT)
    assert NOT_NEGATIVE.contains(POSITIVE)
    assert not POSITIVE.contains(NOT_NEGATIVE)
    assert not CLOSED_UNIT.contains(Interval(-1.0, 1.0, (False, False)))
    assert (str(OPEN_UNIT), str(CLOSED_UNIT), str(NOT_NEGATIVE)) == ("(0, 1)", "[0, 1]", "[0, inf)")
