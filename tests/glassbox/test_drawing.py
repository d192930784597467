"""The pieces of an SVG: scripts that come back to the line, colours that can be read, a sheet that keeps to itself."""

from __future__ import annotations

import re
from itertools import product
from xml.etree import ElementTree

import pytest

from pellucid.glassbox.drawing import DARK, LIGHT, arrow, document, formula, width, words

SVG = "{http://www.w3.org/2000/svg}"


def parsed(*parts):
    return ElementTree.fromstring(document(100, 50, "A <title>", 'about "it"', parts))


def luminance(color):
    channels = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(colors):
    for text, ground in product(("ink", "muted", "forward", "backward"), ("paper", "box", "parameter", "data", "cost")):
        assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)


def test_the_measure_of_contrast_is_that_of_the_wcag():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_light_and_dark_have_the_same_names():
    assert set(LIGHT) == set(DARK)


@pytest.mark.parametrize("latex", [r"a^{[1]}_{j}", r"W^{[2]\top}\,x_{i} = y^{2}", r"a^{2} + b_{1}^{2}"])
def test_scripts_are_raised_and_lowered_by_steps_that_come_back_to_the_line(latex):
    (text,) = parsed(formula(0, 10, latex, 20)).iter(f"{SVG}text")
    at, levels = 0.0, []
    for span in text.iter(f"{SVG}tspan"):
        at += float(span.get("dy", 0))
        levels.append((span.text, at))
    script = [at for text, at in levels if text.startswith("[") or text == "2"]
    assert all(level == pytest.approx(-8.4) for level in script), "superscripts at one height"
    assert all(level == pytest.approx(5.2) for text, level in levels if text in ("j", "i", "1"))
    on_line = [level for text, level in levels if text in ("a", "W", "x", "y", "b")]
    assert on_line == pytest.approx([0] * len(on_line), abs=1e-3)


def test_a_subscript_after_a_superscript_stands_below_it():
    (text,) = parsed(formula(0, 10, r"a^{[1]}_{j}", 20)).iter(f"{SVG}text")
    spans = list(text.iter(f"{SVG}tspan"))
    assert float(spans[2].get("dx")) == pytest.approx(-width(r"{}^{[1]}", 20), abs=1e-3)


def test_a_fraction_is_two_lines_of_text_and_a_bar():
    root = parsed(formula(10, 40, r"\frac{\partial J}{\partial a} = 1", 20))
    texts = list(root.iter(f"{SVG}text"))
    assert ["".join(text.itertext()) for text in texts] == ["∂J", "∂a", "\xa0=\xa01"]
    bar = float(re.search(r",([\d.]+) H", root.find(f"{SVG}path").get("d"))[1])
    assert float(texts[0].get("y")) < bar < float(texts[1].get("y"))
    assert float(texts[0].get("x")) == float(texts[1].get("x")) < float(texts[2].get("x"))


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_a_formula_with_a_fraction_is_anchored_like_one_without(anchor):
    root = parsed(formula(100, 40, r"\frac{1}{2}", 20, anchor=anchor))
    middle = float(next(root.iter(f"{SVG}text")).get("x"))
    wide = width(r"\frac{1}{2}", 20)
    assert middle == pytest.approx({"start": 100 + wide / 2, "middle": 100, "end": 100 - wide / 2}[anchor], abs=1e-2)


def test_texts_are_escaped():
    root = parsed(words(0, 0, "a < b & c", 10), formula(0, 0, "a < b", 10))
    assert "".join(next(root.iter(f"{SVG}text")).itertext()) == "a < b & c"
    assert root.find(f"{SVG}title").text == "A <title>"
    assert root.find(f"{SVG}desc").text == 'about "it"'


def test_an_arrow_points_where_it_ends():
    line, head = parsed(arrow([(0, 0), (0, 10), (30, 10)], "forward")).findall(f"{SVG}path")
    assert line.get("d").startswith("M0,0 L0,10 L")
    assert head.get("d").startswith("M30,10 ")
    assert "stroke-dasharray" not in line.attrib
    assert "stroke-dasharray" in parsed(arrow([(0, 0), (1, 1)], "forward", dashed=True)).find(f"{SVG}path").attrib
    assert len(parsed(arrow([(0, 0), (1, 1)], "forward", head=False)).findall(f"{SVG}path")) == 1


def test_a_document_is_told_to_readers_shrinks_and_keeps_its_sheet_to_itself():
    text = document(100, 50, "T", "D", [])
    root = ElementTree.fromstring(text)
    assert root.get("viewBox") == "0 0 100 50"
    assert root.get("role") == "img"
    named = root.get("aria-labelledby").split()
    assert [root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")] == named
    sheet = root.find(f"{SVG}style").text
    assert "@media (prefers-color-scheme:dark)" in sheet
    assert sheet.count("{") == sheet.count("}")
    names = re.findall(r"([^{}]+)\{[^{}]*\}", sheet.replace("@media (prefers-color-scheme:dark){", ""))
    assert names
    assert all(name.strip().startswith(".pellucid-drawing ") for rule in names for name in rule.split(","))
    assert "script" not in text
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


def test_two_drawings_on_a_page_have_names_of_their_own():
    one, other = (ElementTree.fromstring(document(1, 1, title, "D", [])) for title in ("A", "B"))
    assert one.get("aria-labelledby") != other.get("aria-labelledby")
