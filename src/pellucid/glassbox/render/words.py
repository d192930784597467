"""What stands between the equations: how the parts are marked, and sentences with symbols in them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.errors import InputError, sentence

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Derivation, Step


@dataclass(frozen=True)
class Part:
    """How a part of a derivation is marked, with and without colours."""

    name: str
    mark: str
    terminal: str
    light: str
    dark: str


PARTS = {
    part.name: part
    for part in (
        Part("forward", "→", "green", "#0a6650", "#5fd3b3"),
        Part("cost", "◆", "yellow", "#6b5300", "#e3c15a"),
        Part("backward", "←", "red", "#ad2f14", "#ff9d85"),
        Part("update", "↻", "magenta", "#7a2e9e", "#d5a3f0"),
        Part("calculus", "•", "cyan", "#1a5a9c", "#8fc1f5"),
    )
}


AS_ABOVE = "as above"
"""said of a step whose rule is the one of the step before"""


def part_of(name: str) -> Part:
    """How a part is marked; one that is not in the list looks like calculus."""
    return PARTS.get(name, Part(name, "•", "cyan", "#1a5a9c", "#8fc1f5"))


def plain(text: str) -> str:
    r"""One line without what a terminal would obey: control characters, marks that turn the direction of writing.

    >>> plain("petal\nlength \x1b[31m")
    'petal length �[31m'
    """
    spaced = re.sub(r"\s+", " ", text)
    return "".join("�" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") else letter for letter in spaced)


@dataclass(frozen=True)
class Word:
    """A piece of a sentence: plain text, or a symbol with what stands below and above it."""

    text: str
    below: str = ""
    above: str = ""


def words_of(text: str) -> list[Word]:
    """A sentence taken apart, so that a^[1], w_jk and z_3^[1] in it are set as in the equations.

    >>> words_of("by a^[1] and w_jk")
    [Word(text='by ', below='', above=''), Word(text='a', below='', above='[1]'), Word(text=' and ', below='', above=''), \
Word(text='w', below='jk', above='')]
    """
    found, end, text = [], 0, plain(text)
    for match in _SYMBOL.finditer(text):
        below = (match[2] or match[3] or "").translate(_RAISED)
        found += [Word(text[end : match.start()]), Word(match[1], below, match[4] or "")]
        end = match.end()
    return [word for word in (*found, Word(text[end:])) if word.text]


_LOW = "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖ"
_RAISED = str.maketrans(_LOW, "0123456789ijk")
_SYMBOL = re.compile(
    rf"(?<![\w^])(d?[A-Za-z]|ŷ)(?=[_^{_LOW}])"  # a letter, or d and a letter
    rf"(?:_([0-9]{{1,5}}|[a-z]{{1,2}}|[0-9]+,[0-9]+)|([{_LOW}]+(?:,[{_LOW}]+)*))?"
    r"(?:\^(\[\w+\](?:\(\w+\))?T?|\(\w+\)))?(?!\w)"
)


def times(shapes: str) -> str:
    """(5 x 4)(4 x 1) with the sign for x."""
    return re.sub(r"(?<=[\w)]) x (?=[\w(])", " × ", plain(shapes))


def told_convention(derivation: Derivation) -> str:
    """How samples lie, where there are any."""
    return "" if all(step.part == "calculus" for step in derivation) else f"Convention: {derivation.convention}."


def remarks(step: Step, inner: bool = False, before: Step | None = None) -> list[str]:
    """What is said of a step: the rule (unless it is that of the step before), the arithmetic of the shapes, the shape."""
    again = before is not None and before.rule == step.rule and before.part == step.part
    shape = " × ".join(map(str, step.shape)) if step.shape and (not inner or step.value is None) else ""
    return [remark for remark in (AS_ABOVE if again else plain(step.rule), times(step.shapes), shape and f"shape {shape}") if remark]


def checked_precision(precision: object) -> int:
    """How many decimals, if that can be."""
    if isinstance(precision, bool) or not isinstance(precision, int) or not 0 <= precision <= 17:
        repair = "4 is usual"
        raise InputError(sentence("the precision", "a derivation", repr(precision), "a whole number from 0 to 17", repair))
    return precision
