"""Words that stand between the equations. They may come from a table or a formula of the user's, so each form escapes them."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from pellucid.errors import InputError, sentence


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


def part_of(name: str) -> Part:
    """How a part is marked; one that is not in the list looks like calculus."""
    return PARTS.get(name, Part(name, "•", "cyan", "#1a5a9c", "#8fc1f5"))


def plain(text: str) -> str:
    """One line without what a terminal would obey: control characters, marks that turn the direction of writing.

    >>> plain("petal\\nlength \\x1b[31m")
    'petal length �[31m'
    """
    spaced = re.sub(r"\s+", " ", text)
    return "".join("�" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") else letter for letter in spaced)


def times(shapes: str) -> str:
    """(5 x 4)(4 x 1) with the sign for x."""
    return re.sub(r"(?<=[\w)]) x (?=[\w(])", " × ", plain(shapes))


def as_html(text: str) -> str:
    """For a page."""
    return html.escape(plain(text))


def as_markdown(text: str) -> str:
    """For a page of Markdown: nothing in it becomes markup, a link, or a mention of somebody.

    >>> as_markdown("petal_length <b> $x$")
    'petal\\\\_length &lt;b&gt; \\\\$x\\\\$'
    """
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_\[\]#|~$]|^[+-]|(?<=^\d)[.)])", r"\\\1", escaped)
    return escaped.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;").replace("^", "&#94;")


_TEX = {
    "\\": r"$\backslash$", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_", "^": r"\^{}",
    "~": r"$\sim$", "<": "$<$", ">": "$>$", "|": "$|$", '"': "''", "`": "'",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}",
    "ı": r"\i{}", "…": r"\dots{}", "–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "§": r"\S{}", "€": "EUR",
    "×": r"$\times$", "·": r"$\cdot$", "⊙": r"$\odot$", "→": r"$\rightarrow$", "←": r"$\leftarrow$", "≥": r"$\ge$", "≤": r"$\le$",
    "≠": r"$\ne$", "∂": r"$\partial$", "Σ": r"$\sum$", "√": r"$\surd$", "∞": r"$\infty$", "‖": r"$\|$", "≈": r"$\approx$", "±": r"$\pm$",
    "°": r"$^{\circ}$", "µ": r"$\mu$", "−": r"$-$", "Φ": r"$\Phi$", "ŷ": r"$\hat{y}$", "∇": r"$\nabla$", "∈": r"$\in$",
    "ᵀ": r"$^{T}$", "′": r"$'$", "⋯": r"$\cdots$", "◆": r"$\diamond$", "•": r"$\bullet$", "↻": r"$\star$", "Δ": r"$\Delta$", "ⱼ": r"$_{j}$",
    **{letter: rf"$\{name}$" for name, letter in (
        ("alpha", "α"), ("beta", "β"), ("gamma", "γ"), ("delta", "δ"), ("epsilon", "ε"), ("eta", "η"), ("theta", "θ"), ("lambda", "λ"),
        ("mu", "μ"), ("pi", "π"), ("rho", "ρ"), ("sigma", "σ"), ("tau", "τ"), ("phi", "φ"))},
    **{letter: f"$^{{{meant}}}$" for letter, meant in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ", "0123456789-n", strict=True)},
    **{letter: f"$_{{{meant}}}$" for letter, meant in zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehiklmnoprstuvx", strict=True)},
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".", "\u0308": '"', "\u030a": "r",
    "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip


def as_tex(text: str) -> str:
    r"""For LaTeX with the fonts that it always has: accents are set, letters of other scripts are named by their number.

    >>> as_tex("50 % of {x}"), as_tex("größe_1")
    ('50 \\% of \\{x\\}', 'gr\\"{o}\\ss{}e\\_1')
    """
    return "".join(map(_tex_letter, unicodedata.normalize("NFC", plain(text)))).replace("$$", "")


def _tex_letter(letter: str) -> str:
    if letter in _TEX:
        return _TEX[letter]
    if letter.isascii():
        return letter
    base, *marks = unicodedata.normalize("NFD", letter)
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in _ACCENTS:
        dotless = {"i": r"\i", "j": r"\j"}.get(base, base) if marks[0] != "\u0327" else base
        return rf"\{_ACCENTS[marks[0]]}{{{dotless}}}"
    return f"[U+{ord(letter):04X}]"


def checked_precision(precision: object) -> int:
    """How many decimals, if that can be."""
    if isinstance(precision, bool) or not isinstance(precision, int) or not 0 <= precision <= 17:
        repair = "4 is usual"
        raise InputError(sentence("the precision", "a derivation", repr(precision), "a whole number from 0 to 17", repair))
    return precision
