"""A table of texts in a terminal, as plain text and as HTML: the same cells, none of them read as markup."""

from __future__ import annotations

import html
from io import StringIO
from xml.etree import ElementTree

import pytest
from rich.console import Console

from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text

NASTY = [
    "<script>alert('x')</script>",
    "a & b < c > d",
    '"quoted"',
    "[bold]not markup[/bold]",
    "[/]",
    ":smile:",
    "two\nlines",
    "",
    "∂J/∂W",
]
TABLE = Table("A <title> & [red]more[/red]", ("first <", "second"), [(cell, f"{index}") for index, cell in enumerate(NASTY)], ["green"] * 9)


def test_html_is_well_formed_and_gives_back_every_cell():
    tree = ElementTree.fromstring(as_html(TABLE))
    assert tree.tag == "table"
    assert tree.findtext("caption") == TABLE.title
    assert [cell.text for cell in tree.iter("th")] == list(TABLE.headings)
    assert [[cell.text or "" for cell in row.iter("pre")] for row in tree.find("tbody")] == [list(row) for row in TABLE.rows]


def test_html_lets_no_tag_through():
    assert "<script>" not in as_html(TABLE)
    assert html.escape(NASTY[0]) in as_html(TABLE)


def terminal(table):
    console = Console(file=StringIO(), width=120, color_system="standard", force_terminal=True)
    console.print(as_rich(table))
    return console.file.getvalue()


@pytest.mark.parametrize("way", [as_text, terminal], ids=["text", "terminal"])
def test_cells_are_shown_as_they_are(way):
    text = way(TABLE)
    for cell in NASTY:
        for line in cell.split("\n"):
            assert line in text


def test_the_colour_is_that_of_the_first_cell_only():
    text = terminal(Table("t", ("a", "b"), [("x", "y"), ("u", "v")], ["green", "bold red"]))
    assert "\x1b[32mx\x1b[0m" in text
    assert "\x1b[1;31mu\x1b[0m" in text
    assert "\x1b[32my" not in text


def test_text_has_no_colours_and_keeps_to_its_width():
    table = Table("t", ("a", "b", "c"), [("x", "y", "long " * 60)], ["green"])
    text = as_text(table, width=60)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 60
    assert text.count("long") == 60, "it is wrapped, not cut"


def test_a_compact_table_has_one_line_a_row():
    rows = [("x", "y", "several words here"), ("u", "v", "w")]
    compact = Table("t", ("a", "b", "c"), rows, ["green"] * 2, compact=True)
    assert len(as_text(compact).splitlines()) == len(as_text(Table("t", ("a", "b", "c"), rows[1:] * 2, ["green"] * 2)).splitlines())


def test_lines_are_drawn_between_rows_where_asked_for():
    rows, colors = [("x",), ("y",), ("z",)], ["green"] * 3
    plain, ruled = (as_text(Table("t", ("a",), rows, colors, lines=lines)) for lines in (False, True))
    assert len(ruled.splitlines()) == len(plain.splitlines()) + 2


def test_a_colour_for_each_row_is_asked_for():
    with pytest.raises(ValueError, match="shorter"):
        as_rich(Table("t", ("a",), [("x",), ("y",)], ["green"]))
