"""Long equations in pieces: nothing is lost, brackets stay pairs, and no line is longer than told where it can be helped."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations import CONSTRUCTS, MANY
from pellucid.expressions.latex import latex
from pellucid.expressions.nodes import Add, Call, Divide, Equation, Matrix, Multiply, Negative, Number, Power, Sum, Symbol
from pellucid.glassbox.render.flow import lines, pieces
from pellucid.glassbox.render.measure import width

ATOMS = st.sampled_from([Symbol("x"), Symbol("w", 1, (3, 2)), Symbol("y_hat"), Number(2), Number(0.25), Symbol("dz", 2)])


def grown(children):
    several = st.lists(children, min_size=2, max_size=5).map(tuple)
    return st.one_of(
        several.map(Add),
        several.map(Multiply),
        several.map(lambda factors: Multiply(factors, marked=True)),
        children.map(Negative),
        children.map(lambda of: Call("log", (of,))),
        st.tuples(children, children).map(lambda pair: Call("max", pair)),
        children.map(lambda of: Power(of, Number(3))),
        children.map(lambda of: Sum(of, "k", 1, "n")),
        children.map(lambda of: Call("abs", (of,))),
    )


TREES = st.recursive(ATOMS, grown, max_leaves=25)


def bare(text: str) -> str:
    """Without the sizes of brackets and blanks, which alone may differ."""
    return re.sub(r"\\(left|right|bigl|bigr)(?![a-z])|\s", "", text)


@given(TREES, st.integers(4, 60))
def test_the_pieces_together_are_the_equation(tree, limit):
    assert bare(" ".join(piece.latex for piece in pieces(tree, 6, limit))) == bare(latex(tree))


@given(TREES, st.integers(4, 60))
def test_brackets_stay_pairs(tree, limit):
    joined = " ".join(piece.latex for piece in pieces(tree, 6, limit))
    assert joined.count(r"\bigl") == joined.count(r"\bigr")
    for piece in pieces(tree, 6, limit):
        assert piece.latex.count(r"\left") == piece.latex.count(r"\right"), "growing brackets open and close in one piece"
        assert piece.latex.count("{") == piece.latex.count("}")


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_what_fits_stays_whole(name):
    tree = CONSTRUCTS[name]
    (piece,) = pieces(tree, 6, 10_000)
    assert piece.latex == latex(tree)
    assert piece.width == width(tree)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_no_piece_is_wide(name):
    assert max(piece.width for piece in pieces(CONSTRUCTS[name], 6, 40)) <= 46


def test_a_wide_matrix_gets_dots_in_its_middle_unless_it_can_be_scrolled():
    wide = CONSTRUCTS["long jacobian"]
    (narrow,) = pieces(wide, 6, 40)
    assert r"\cdots & a_{1}^{[2]} \left(1 - a_{11}^{[2]}\right)" in narrow.latex
    (whole,) = pieces(wide, 6, 40, scrolls=True)
    assert whole.latex == latex(wide)


def test_a_long_case_is_broken_unless_it_can_be_scrolled():
    long = CONSTRUCTS["long cases"]
    (broken,) = pieces(long, 6, 76)
    assert broken.latex.count(r"\begin{aligned}") == 2
    assert bare(re.sub(r"\\(begin|end)\{aligned\}|\\\\ & \\quad|(?<=cases\} ) &|(?<=\\\\ ) & ", "", broken.latex)).count("w_") == 80
    (whole,) = pieces(long, 6, 76, scrolls=True)
    assert whole.latex == latex(long)


@pytest.mark.parametrize("limit", [30, 50, 76])
def test_lines_are_full_but_no_longer_than_told(limit):
    found = pieces(sum(MANY[1:], MANY[0]), 6, limit)
    filled = lines(found, limit)
    assert " ".join(filled) == " ".join(piece.latex for piece in found)
    left = iter(found)
    for line in filled:
        total = -1.0
        while line:
            piece = next(left)
            total += piece.width + 1
            line = line.removeprefix(piece.latex).lstrip()
        assert total <= limit
    each = width(MANY[30]) + 3
    assert len(filled) <= len(found) * each / (limit - each) + 1


def test_a_product_that_goes_on_begins_with_its_dot():
    long = Multiply(tuple(Call("log", (Symbol("x", index=(k,)) + 1,)) for k in range(9)))
    assert all(line.startswith(r"\cdot") for line in lines(pieces(long, 6, 30), 30)[1:])


def test_a_wide_fraction_is_written_with_a_slash():
    sums = sum(MANY[1:], MANY[0])
    text = " ".join(piece.latex for piece in pieces(Divide(sums, 1 + Call("exp", (sums,))), 6, 40))
    assert r"\frac" not in text
    assert r"\big/" in text


def test_what_follows_a_fraction_with_a_slash_does_not_slip_below_it():
    sums, x = sum(MANY[1:], MANY[0]), Symbol("x")
    first = " ".join(piece.latex for piece in pieces(Multiply((Divide(sums, x), Call("log", (x,)))), 6, 40))
    assert first.startswith(r"\bigl(\bigl(w_{31}")
    assert first.endswith(r"\big/ x\bigr) \log\left(x\right)")
    last = " ".join(piece.latex for piece in pieces(Multiply((Call("log", (x,)), Divide(sums, x))), 6, 40))
    assert last.endswith(r"\big/ x")


def test_a_fraction_a_little_wider_than_a_line_stays_whole_where_it_can_be_scrolled():
    fraction = Divide(sum(MANY[1:4], MANY[0]), Symbol("x"))
    limit = width(fraction) / 1.4
    assert [piece.latex for piece in pieces(fraction, 6, limit, scrolls=True)] == [latex(fraction)]
    assert len(pieces(fraction, 6, limit)) > 1


def test_sides_of_an_equation_keep_their_sign():
    found = pieces(Equation((Symbol("y"), sum(MANY[1:], MANY[0]))), 6, 40)
    assert found[1].latex.startswith("= w_{31}")


def test_width_is_about_what_is_seen():
    x = Symbol("x")
    assert width(Divide(sum(MANY[1:4], MANY[0]), x)) < width(sum(MANY[1:4], MANY[0])) + 3, "a fraction is as wide as its wider part"
    assert width(Symbol("w", 1, (3, 2))) < 4
    assert width(Matrix(((x, x), (x, x)))) < width(Matrix(((x, x, x), (x, x, x))))
