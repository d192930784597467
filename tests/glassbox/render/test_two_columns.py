"""The formulas of the layers side by side: the same lines in each form, in colours and in mathematics."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

import pellucid as pl
from pellucid.expressions.latex import latex
from pellucid.expressions.text import text
from pellucid.glassbox.render.mathml import mathml
from pellucid.glassbox.render.two_columns import cells

TABLES = {
    "any layer": pl.layer_table(),
    "rows": pl.layer_table(convention="rows"),
    "a network": pl.layer_table(pl.Network([4, 5, 3], activations=["relu", "softmax"], l2=0.1)),
    "one layer": pl.layer_table(pl.Network([2, 1], activations=["sigmoid"], loss="log_loss")),
}


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]


def equations(table):
    return [equation for _, ahead, back in table.layers for equation in (*ahead, *back)]


def test_every_equation_stands_in_every_form(table):
    page, shown, markdown = table.to_html(), str(table), table.to_markdown()
    for equation in equations(table):
        assert text(equation) in shown
        assert mathml(latex(equation)) in page
        assert mathml(latex(equation)) in table._repr_html_()
    assert markdown.count("$") == 2 * (len(equations(table)) + len(table.layers))


def test_forward_and_backward_have_their_colours(table):
    console = Console(file=StringIO(), width=140, force_terminal=True, color_system="standard")
    console.print(table)
    shown = console.file.getvalue()
    assert "\x1b[32mz^[" in shown
    assert "\x1b[31mdz^[" in shown
    assert '<div class="forward left">' in table.to_html()
    assert '<div class="backward left">' in table.to_html()


def test_its_markdown_is_one_table_whose_formulas_are_left_alone(table):
    tokens = MarkdownIt("commonmark").enable("table").parse(table.to_markdown())
    assert tokens[0].type == "table_open"
    assert [token.type for token in tokens].count("table_open") == 1
    formulas = [token for token in tokens if token.type == "inline" and token.content.startswith("$")]
    assert len(formulas) == len(equations(table)) + len(table.layers)
    for formula in formulas:
        assert [part.type for part in formula.children] == ["text"]
        assert formula.children[0].content == formula.content
        assert not re.search(r"\\[^a-zA-Z]", formula.content)


def test_a_row_for_each_layer(table):
    assert len(cells(table).rows) == len(table.layers)
    assert table.to_html().count("<tr>") == len(table.layers) + 1
