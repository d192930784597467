"""The page: it stands on its own, is well formed, can be read by everybody, and stays small."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from derivations import NASTY, by_hand, everything, of_digits
from pellucid.expressions.nodes import Symbol
from pellucid.glassbox.derivation import Derivation, Section, Step
from pellucid.glassbox.render.numbers import grid
from pellucid.glassbox.render.page import fragment, to_html, value_html
from pellucid.glassbox.render.styles import PAGE
from pellucid.glassbox.render.words import PARTS, plain

VOID = {"meta", "br", "hr", "mspace"}
ATTRIBUTES = {
    "accent", "aria-labelledby", "charset", "class", "columnalign", "content", "displaystyle", "form", "href", "http-equiv", "id", "lang",
    "lspace", "mathvariant", "name", "rspace", "scope", "stretchy", "tabindex", "title", "width",
}  # fmt: skip
"""none of them loads or runs anything"""
KNOWN = frozenset(
    re.findall(
        r"\w+",
        "html head meta title style body main h1 h2 h3 h4 p nav ol li a section div span table thead tbody tr th td i sub sup "
        "math mi mn mo mtext mspace mrow mfrac msqrt msub msup msubsup munder mover munderover mtable mtr mtd",
    )
)


class Reader(HTMLParser):
    """What a page is made of; complains of tags that are no pairs."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.elements, self.texts, self.style, self.title = [], [], [], "", ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        elif self.open[-1:] == ["title"]:
            self.title += data
        else:
            self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def read(name: str) -> Reader:
    return Reader(to_html(everything()[name]))


@pytest.fixture(params=list(everything()))
def reader(request):
    return read(request.param)


def test_it_is_well_formed_and_made_of_known_elements(reader):
    assert {tag for tag, _ in reader.elements} <= KNOWN


def test_it_has_no_script_and_asks_for_nothing(reader):
    assert not re.search(r"url\(|@import", reader.style)
    for _, attributes in reader.elements:
        assert set(attributes) <= ATTRIBUTES
    assert all(link["href"].startswith("#") for link in reader.all("a"))
    (policy,) = [meta for meta in reader.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_it_says_its_language_title_and_width(reader):
    assert reader.all("html") == [{"lang": "en"}]
    assert reader.title
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in reader.all("meta")


def test_headings_go_down_one_level_at_a_time(reader):
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_contents_lead_to_every_section(reader):
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    sections = [attributes["id"] for attributes in reader.all("section")]
    if len(sections) >= 3:
        assert [link["href"] for link in reader.all("a")] == [f"#{name}" for name in sections]


@pytest.mark.parametrize("name", everything())
def test_every_step_is_there(name):
    derivation = everything()[name]
    steps = [attributes for attributes in read(name).all("li") if attributes.get("class", "").startswith("step ")]
    assert len(steps) == len(derivation)
    assert sorted(step["class"].split()[1] for step in steps) == sorted(step.part for step in derivation)


def test_what_may_be_wide_scrolls_in_its_own_box_and_can_be_reached_by_keys():
    step = Step("W1", Symbol("W", 1), (Symbol("W", 1),), "", "forward", value=np.ones((2, 6)) / 3)
    assert '<span class="scroll" tabindex="0">' in to_html(Derivation("T", (Section("S", (step,)),), {}))
    assert "overflow-x:auto" in re.search(r"\.scroll\{(.*?)\}", to_html(by_hand()))[1]
    assert "overflow-x:auto" in re.search(r"\.piece\{(.*?)\}", to_html(by_hand()))[1]
    assert "overflow:auto" in re.search(r"\.sheet\{(.*?)\}", to_html(by_hand()))[1]


def luminance(colour: str) -> float:
    colour = colour if len(colour) == 7 else "#" + "".join(2 * letter for letter in colour[1:])
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_out_from_the_paper_in_the_light_and_in_the_dark():
    light, dark = (dict(re.findall(r"--(\w+):(#\w+)", rule)) for rule in re.findall(r":root\{(.*?)\}", PAGE)[:2])
    for paper, colours in ((light, [part.light for part in PARTS.values()]), (dark, [part.dark for part in PARTS.values()])):
        for colour in [*colours, paper["ink"], paper["faint"], paper["link"]]:
            assert contrast(colour, paper["paper"]) >= 4.5, colour
    assert "@media (prefers-color-scheme:dark)" in PAGE
    assert contrast("#000", "#fff") == pytest.approx(21)


def test_hostile_words_stay_words():
    seen = "".join(read("by hand").texts)
    for words in NASTY:
        assert plain(words) in seen


@pytest.mark.parametrize("form", ["vectorized", "elementwise"])
def test_the_page_of_a_network_for_digits_stays_below_two_megabytes(form):
    assert len(to_html(of_digits()[form]).encode()) < 2_000_000 / 8


def test_values():
    assert value_html(grid(-0.25)) == '<span class="number">−0.25</span>'
    assert value_html(grid(1e-9)) == '<span class="number">1 · 10<sup>−9</sup></span>'
    table = "<table><tr><td>−1.5</td></tr><tr><td>2.0</td></tr></table>"
    assert value_html(grid([[-1.5], [2.0]])) == f'<span class="scroll"><span class="matrix">{table}</span></span>'
    assert value_html(grid([[1e-9], [2e-9]])).startswith('<span class="number">10<sup>−9</sup> · </span><span class="scroll">')


def test_an_abbreviated_matrix_tells_its_shape_and_norm():
    step = Step("W1", Symbol("W", 1), (Symbol("W", 1),), "", "forward", value=np.ones((25, 100)))
    assert '<div class="side caption">25 × 100, norm 50</div>' in to_html(Derivation("T", (Section("S", (step,)),), {}))


def test_in_a_notebook_it_is_a_part_of_a_page():
    found = fragment(everything()["one weight"])
    reader = Reader(found)
    assert not {"html", "body", "h1", "nav", "meta"} & {tag for tag, _ in reader.elements}
    assert not [attributes for _, attributes in reader.elements if "id" in attributes], "two of them may stand in one notebook"
    assert all(
        ".pellucid" in rule
        for rule in re.findall(r"([^{}]+)\{", re.search(r"<style>(.*?)</style>", found, re.DOTALL)[1])
        if "@" not in rule
    )
    assert everything()["one weight"]._repr_html_() == found


def test_a_long_table_is_whole_on_a_page():
    from pellucid.glassbox.derivation import Table

    table = Table(("input", "value"), tuple((f"x_{k}", f"{k}.5") for k in range(1, 785)))
    page = to_html(Derivation("T", (Section("S", (), table=table),), {}))
    assert page.count("<tr>") == 785
    assert '<td><i>x</i><sub>784</sub></td><td class="number">784.5</td>' in page
