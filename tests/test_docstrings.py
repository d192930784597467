"""What every public name tells: a sentence, and an example that runs (pytest collects those in src)."""

from __future__ import annotations

import inspect

import pytest

import pellucid as pl

NAMES = [name for name in pl.__all__ if not (inspect.isclass(getattr(pl, name)) and issubclass(getattr(pl, name), Exception))]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_a_sentence_and_an_example(name):
    text = inspect.getdoc(getattr(pl, name))
    assert text.splitlines()[0].strip()
    assert ">>> " in text


@pytest.mark.parametrize("name", ["Network", "Optimizer", "LBFGS", "Schedule", "EarlyStopping", "Trace", "check_gradients"])
def test_what_is_raised_is_told(name):
    assert "Raises:" in inspect.getdoc(getattr(pl, name))


@pytest.mark.parametrize(
    "name", ["LBFGS", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam", "AdamW", "CosineDecay", "OneCycle", "WarmUp"]
)
def test_the_source_is_named(name):
    assert any(year in inspect.getdoc(getattr(pl, name)) for year in ("19", "20"))
