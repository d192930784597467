"""A derivation in a terminal: it fits, it reads without colours, and no text in it is obeyed."""

from __future__ import annotations

import re
from io import StringIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from derivations import CONSTRUCTS, by_hand, everything
from pellucid.errors import InputError
from pellucid.expressions.nodes import Call, Cases, Compare, Number, Symbol
from pellucid.glassbox.derivation import Derivation, Section, Step
from pellucid.glassbox.render.terminal import as_rich, broken, to_text

x, z = Symbol("x"), Symbol("z", 1)


def printed(derivation, width=80, **options) -> str:
    console = Console(file=StringIO(), width=width, **options)
    console.print(derivation)
    return console.file.getvalue()


def single(step) -> str:
    return to_text(Derivation("T", (Section("S", (step,)),), {})).split("─\n\n")[1].rstrip()


@pytest.mark.parametrize("name", everything())
@pytest.mark.parametrize("width", [80, 60])
def test_no_line_is_longer_than_the_terminal(name, width):
    lines = to_text(everything()[name], width=width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize("name", everything())
def test_every_step_is_there_with_its_mark(name):
    derivation = everything()[name]
    lines = to_text(derivation).splitlines()
    assert sum(bool(re.match(r" *[→◆←↻•] ", line)) for line in lines) >= len(derivation)
    for section in derivation.sections[:2]:
        assert section.title in lines


def test_without_colours_it_holds_no_codes_and_with_them_forward_is_green_and_backward_red():
    assert "\x1b" not in to_text(by_hand())
    coloured = printed(everything()["tanh"], force_terminal=True, color_system="standard")
    assert "\x1b[1;32m→" in coloured
    assert "\x1b[1;31m←" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured).split() == to_text(everything()["tanh"]).split()


def test_it_uses_the_width_of_the_terminal_up_to_what_can_be_read():
    wide = [len(line.rstrip()) for line in printed(as_rich(everything()["softmax"]), 200).splitlines()]
    assert 80 < max(wide) <= 100


def test_a_step_with_its_value():
    step = Step("z1", z, (Symbol("W", 1) @ x,), "the weighted sum", "forward", (2, 1), "(2 x 3)(3 x 1)", np.array([[0.25], [-1.5]]))
    assert single(step) == ("→ z^[1] = W^[1] x\n    the weighted sum; (2 × 3)(3 × 1); shape 2 × 1\n      ⎡ 0.25⎤\n    = ⎣-1.50⎦")


def test_a_single_number_stands_on_the_line_of_its_equation():
    step = Step("J", Symbol("J"), (Symbol("l"),), "one sample", "cost", (), "", 0.25)
    assert single(step) == "◆ J = l = 0.25\n    one sample"


def test_but_not_beside_cases():
    cases = Cases(((x, Compare(x, ">=", Number(0))),), Number(0))
    step = Step("a", z, (cases,), "", "forward", (), "", 0.25)
    assert single(step) == "        ⎰ x  if x ≥ 0\n→ z^[1] = ⎱ 0  otherwise\n    = 0.25".replace("        ⎰", "          ⎰")


def test_a_value_that_is_written_already_is_not_written_again():
    assert single(Step("u", z, (x, Number(9)), "", "calculus", (), "", 9.0)) == "• z^[1] = x = 9"
    assert single(Step("u", z, (x, -Number(9)), "", "calculus", (), "", -9.0)) == "• z^[1] = x = -9"


def test_sides_stand_below_each_other_where_they_do_not_fit_a_line():
    sides = tuple(Call("log", (Symbol("w", 1, (3, k)) * Symbol("x") + Symbol("b", 1, (k,)),)) for k in range(1, 5))
    lines = single(Step("z1", z, sides, "", "forward")).splitlines()
    assert lines[0].startswith("→ z^[1] = log(")
    assert [line.index("=") for line in lines] == [8] * 4


def test_a_matrix_wider_than_the_terminal_is_written_in_lines():
    wide = CONSTRUCTS["long jacobian"]
    text = single(Step("u", x, (wide,), "", "calculus"))
    assert "⎡" not in text
    assert "a₁^[2] (1 - a₁₁^[2]); a₂^[2] (1 - a₁^[2])" in re.sub(r"\n\s*", " ", text)


def test_the_convention_is_told_where_there_are_samples():
    assert "Convention: columns." in to_text(by_hand())
    calculus = Derivation("T", (Section("S", (Step("u", x, (z,), "", "calculus"),)),), {})
    assert "Convention" not in to_text(calculus)


@given(st.text("abc =+-·()[],⊙", max_size=200), st.integers(20, 80))
def test_breaking_a_line_loses_nothing(line, room):
    found = broken(line, room)
    assert "".join("".join(found).split()) == "".join(line.split())
    assert all(len(part) <= room for part in found)


@pytest.mark.parametrize(
    ("line", "room", "parts"),
    [
        ("x = aaaa + (bbbb + cccc)", 14, ["x = aaaa", "  + (bbbb", "  + cccc)"]),
        ("x = aaaa + (bbbb + cccc)", 19, ["x = aaaa", "  + (bbbb + cccc)"]),
        ("(aaaa + bbb) cccc + dd", 18, ["(aaaa + bbb) cccc", "  + dd"]),
        ("log(aaa + bbb) (ccc + ddd)", 21, ["log(aaa + bbb)", "  (ccc + ddd)"]),
        ("abcdefghijklmnopqrstuvwxyz", 20, ["abcdefghijklmnopqrst", "  uvwxyz"]),
        ("short", 20, ["short"]),
    ],
)
def test_where_lines_are_broken(line, room, parts):
    assert broken(line, room) == parts


def test_the_precision_is_asked_for():
    story = everything()["one weight"]
    assert "= -0.2" in story.to_text(1)
    assert "= -0.2194" in story.to_text(4)
    with pytest.raises(InputError, match="^The precision in a derivation is 99, expected a whole number from 0 to 17: 4 is usual.$"):
        by_hand().to_text(99)


def test_printing_and_displaying_are_the_same():
    derivation = everything()["one weight"]
    assert str(derivation) == derivation.to_text()
    assert printed(derivation).split() == derivation.to_text().split()
