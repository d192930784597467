"""How a health report looks: in a terminal of any width, as text, in a notebook."""

from __future__ import annotations

import re
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

import pellucid as pl
from pellucid.glassbox.health.report import Course, HealthReport, Trial


@pytest.fixture
def vanishing(stack):
    return pl.gradient_health(*stack("iris", 8, "sigmoid"))


def shown(report, width):
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(report)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 130])
def test_it_fits_the_terminal_and_nothing_is_cut_off(vanishing, width):
    text = shown(vanishing, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for layer, verdict in zip(vanishing.layers, vanishing.verdicts, strict=True):
        row = next(line for line in text.splitlines() if line.startswith(f"│ {layer.index} {layer.activation} "))
        assert row.split("│")[-2].strip() == verdict
    flat = " ".join(text.split())
    assert "Gradient health on 150 rows: J = 1.276" in flat
    assert "Vanishing since layer 3: sigmoid. The product of the factors is " in flat
    assert "Remedy: Use relu, whose derivative is 1, instead of sigmoid in the hidden layers" in flat
    assert "update: ||W_new - W|| / ||W|| (one step of GradientDescent with a learning rate of 0.1)" in flat


def test_the_numbers_in_the_table_are_those_of_the_layers(vanishing):
    layer = vanishing.layers[3]
    row = next(line for line in str(vanishing).splitlines() if line.startswith("│ 4 sigmoid"))
    numbers = [float(cell) for cell in row.split("│")[2:-2]]
    expected = [layer.gradient_norm, layer.update_ratio, layer.activation_factor, layer.weight_factor, layer.product]
    assert np.allclose(numbers, expected, rtol=0.06)


def test_as_plain_text_and_for_a_notebook(vanishing, stack):
    text, page = str(vanishing), vanishing._repr_html_()
    assert "\x1b" not in text
    assert "Vanishing since layer 3: sigmoid. The product" in text
    assert page.count("<table>") == 3
    assert "<b>vanishing since layer 3: sigmoid.</b>" in page
    healthy = pl.gradient_health(*stack("iris", 1, "relu"))
    assert str(healthy).endswith("\nVerdict: healthy")
    assert healthy._repr_html_().endswith("<p><b>healthy</b></p>")
    assert shown(healthy, 80).endswith("Verdict: healthy\n")
    assert re.search(r"│ 1 relu +│ 32 +│ 0\.\d+ +│ \d+% off ", str(healthy)), "half of the relus are off, and that is no saturation"


def test_what_limits_the_verdict_is_said(stack):
    net, X, y = stack("iris", 1, "relu")
    few = pl.gradient_health(net, X[:3], y[:3])
    assert str(few).endswith("Verdict: healthy, but 3 rows are too few to tell dead units")
    regression = pl.Network([4, 1], ["identity"])
    exact = pl.gradient_health(regression, X, X @ regression.parameters["W1"])
    assert "healthy: the error is zero" in str(exact)
    assert exact.verdict == "healthy"


def trial(name, *losses, ended="epochs"):
    without = Course((2.0, 1.0), (1e-6, 2e-6), "epochs")
    return Trial(name, without, Course((2.5, *losses), (0.5, 1.5), ended))


def test_trials_are_a_table_of_their_own(vanishing):
    trials = (trial("b", 0.25), trial("c", float("inf"), ended="divergence"))
    report = HealthReport(vanishing.measured, vanishing.findings, vanishing.step, vanishing.rows, trials, 7)
    text = " ".join(shown(report, 100).split())
    assert "Tried for 7 epochs: b helps" in text
    assert "│ as it is │ 2 │ 1 │ 1.0e-06 │ 2.0e-06 │" in text
    assert "│ with b │ 2.5 │ 0.25 │ 0.5 │ 1.5 │" in text
    assert "│ with c │ 2.5 │ inf (divergence) │ 0.5 │ 1.5 │" in text
    assert [one.helped for one in trials] == [True, False]
    worse = HealthReport(vanishing.measured, vanishing.findings, vanishing.step, vanishing.rows, trials[1:], 7)
    assert "no remedy helped" in str(worse)
